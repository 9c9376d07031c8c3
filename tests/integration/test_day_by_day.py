"""Days loaded one by one, out of order, twice or late end in the same tables as everything built whole.

The day's runs bring tables up to date; the last run builds all of them anew from the same rows of `raw`.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from dagster_project import clock
from dagster_project.operations import upkeep
from dagster_project.operations.run import run
from tests.integration.days import Days
from tests.integration.runs import content

FIRST = date(2026, 3, 2)
# What a row tells of is not what a run does; scores and decisions keep past days.
OF_THE_DATA = ("staging.", "intermediate.", "warehouse.", "marts.")

pytestmark = pytest.mark.slow


def _deliver(world: Days, days: Iterable[date], suffix: str = "") -> None:
    """Put the files of days into the landing folder, under names of their own if a suffix is given."""
    for day in days:
        for file in sorted((world.folder / "to_come").glob(f"*/*_{day}*")):
            target = world.landing / file.parent.name / file.name.replace(f"_{day}", f"_{day}{suffix}")
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(file, target)


def _run(world: Days, day: date, is_full: bool = False) -> bool:
    """Run on the morning of a day; tell whether the tables were to be brought up to date."""
    session, said = world.session(day), StringIO()
    with session.connection() as connection:
        is_daily = upkeep.known_to(session, connection) is not None
    assert run(session, Console(file=said, width=200), is_full=is_full) != 1, said.getvalue()[-4000:]
    return is_daily and not is_full


def _tables(world: Days) -> dict[str, tuple[int, int]]:
    """Count and hash the rows of every table but those that tell of a run: files met again, what it touched."""
    return {
        name: rows
        for name, rows in content(world.database).items()
        if name.startswith(OF_THE_DATA) and not name.endswith(("stg_loads", "__touched", "__former"))
    }


@pytest.mark.parametrize(("persons", "days"), [(300, 5), (1500, 120)], ids=["five_days", "four_months"])
def test_days_in_any_order_end_as_a_whole_build(persons: int, days: int, tmp_path: Path) -> None:
    world = Days(tmp_path, FIRST, persons, days)
    try:
        assert not _run(world, FIRST)
        told = [FIRST + timedelta(days=n) for n in range(days)]
        late, told = told[1 : 1 + min(7, days // 3)], [told[0], *told[1 + min(7, days // 3) :]]
        random.Random(days).shuffle(told)
        for n, day in enumerate([*told, None], start=1):
            _deliver(world, [day] if day else late)
            _deliver(world, told[: n - 1][-1:], suffix="_again")
            assert _run(world, FIRST + timedelta(days=days + n))
        daily = _tables(world)
        assert not _run(world, FIRST + timedelta(days=days + n), is_full=True)
        assert daily == _tables(world)
        with duckdb.connect(str(world.database), read_only=True) as reader:
            loads = reader.execute("select count(distinct _loaded_at) from staging.stg_web_events").fetchone()
        assert loads is not None
        assert loads[0] > 3
    finally:
        clock.set_to(None)
