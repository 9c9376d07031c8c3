"""The one clock: it can be set, stands still then, and a session sets it by its settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from dagster_project import clock
from dagster_project.ingestion.store import next_moment, prepare
from dagster_project.operations.session import open_session
from dagster_project.settings import StellaError, get_settings

MOMENT = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _running_clock() -> Iterator[None]:
    yield
    clock.set_to(None)


def test_a_set_clock_stands_still_and_a_running_one_does_not() -> None:
    clock.set_to(MOMENT)
    assert clock.now() == clock.now() == MOMENT
    assert clock.today(ZoneInfo("Europe/Rome")) == date(2026, 4, 1)
    clock.set_to(None)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_session_sets_the_clock_by_its_settings() -> None:
    open_session(now="2026-04-01T01:30:00+02:00")
    assert clock.now() == MOMENT
    open_session()
    assert clock.now() != MOMENT


def test_a_moment_without_offset_is_refused() -> None:
    with pytest.raises(StellaError, match="STELLA_NOW"):
        get_settings(now="2026-04-01T01:30:00")


def test_loads_under_a_clock_that_stands_still_follow_each_other() -> None:
    clock.set_to(MOMENT)
    connection = duckdb.connect()
    prepare(connection, {})
    moments = []
    for _ in range(3):
        moments.append(next_moment(connection))
        connection.execute("insert into raw._load (feed, loaded_at) values ('customers', ?)", [moments[-1]])
    assert moments[0] == MOMENT
    assert moments == sorted(set(moments))
