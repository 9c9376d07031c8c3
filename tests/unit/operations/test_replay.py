"""Which moment and which day a replay is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from dagster_project import clock
from dagster_project.operations.replay import moment_of, replay
from dagster_project.settings import StellaError
from tests.unit.operations.shop import session_of

ROME = ZoneInfo("Europe/Rome")
NOW = datetime(2026, 6, 10, 9, tzinfo=ROME)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    clock.set_to(NOW)
    yield
    clock.set_to(None)


@pytest.mark.parametrize(
    ("known_at", "as_of", "moment", "day"),
    [
        ("2026-06-01", None, "2026-06-01T21:59:59.999999+00:00", "2026-06-01"),
        ("2026-06-01", "2026-06-01", "2026-06-01T21:59:59.999999+00:00", "2026-06-01"),
        ("2026-06-01", "2026-05-01", "2026-06-01T21:59:59.999999+00:00", "2026-05-01"),
        ("2026-06-01", "2027-01-01", "2026-06-01T21:59:59.999999+00:00", "2027-01-01"),
        ("2026-01-01", None, "2026-01-01T22:59:59.999999+00:00", "2026-01-01"),
        ("2026-06-10", None, "2026-06-10T07:00:00+00:00", "2026-06-10"),
        ("2026-06-01T23:30:00+00:00", None, "2026-06-01T23:30:00+00:00", "2026-06-02"),
        ("2026-06-01T00:30:00+02:00", "2026-06-01", "2026-05-31T22:30:00+00:00", "2026-06-01"),
    ],
)
def test_a_day_is_known_to_its_end_and_no_further_than_now(
    known_at: str, as_of: str | None, moment: str, day: str
) -> None:
    found = moment_of(datetime.fromisoformat(known_at), date.fromisoformat(as_of) if as_of else None, ROME)
    assert (found.known_at, found.as_of) == (datetime.fromisoformat(moment), date.fromisoformat(day))
    assert found.known_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("known_at", "as_of", "said"),
    [
        ("2026-06-11", None, "in the future"),
        ("2026-06-10T09:00:01+02:00", "2026-06-01", "in the future"),
        ("2026-06-01", "9999-12-31", "give a day from 1901-01-01 to 2199-12-31"),
        ("2026-06-01", "0001-01-01", "give a day from"),
    ],
)
def test_a_moment_to_come_and_an_impossible_day_are_refused(known_at: str, as_of: str | None, said: str) -> None:
    with pytest.raises(StellaError, match=said):
        moment_of(datetime.fromisoformat(known_at), date.fromisoformat(as_of) if as_of else None, ROME)


def test_before_the_first_run_nothing_is_known_and_nothing_is_made(company: Path) -> None:
    session, target = session_of(company), company.parent / "then.duckdb"
    with pytest.raises(StellaError, match=r"No run has been made yet for shop: nothing is known\. Run `stella run`"):
        replay(session, datetime(2026, 6, 1, tzinfo=UTC), None, target, Console(file=StringIO()))
    assert not target.exists()
    assert not session.settings.database.exists()
