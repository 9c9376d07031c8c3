"""What is older than the company keeps it goes, by the record's own time and the day of the run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project import clock
from dagster_project.ingestion.ingest import ingest
from dagster_project.operations.session import Session
from dagster_project.privacy.retention import LOADED, Limit, forget_old
from dagster_project.settings import get_settings

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PERSONAL = frozenset({"email", "text", "visitor_ref"})


@pytest.fixture
def visits() -> duckdb.DuckDBPyConnection:
    """Three visits: of yesterday, of a hundred days ago, and one of which nobody knows when."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; create schema raw")
    connection.execute(
        "create table raw.visits (visit_ref text, seen_at timestamptz, visitor_ref text, email text, text text, "
        "amount decimal(18,4), _extra json)"
    )
    connection.executemany(
        "insert into raw.visits values (?, ?, 'v1', 'a@b.example', 'I am Anna', 5, '{\"note\": 1}')",
        [["new", NOW - timedelta(days=1)], ["old", NOW - timedelta(days=100)], ["undated", None]],
    )
    return connection


def limit(days: int, columns: frozenset[str] = PERSONAL, keys: frozenset[str] = frozenset({"visit_ref"})) -> Limit:
    return Limit("visits", columns, keys, frozenset({"visit_ref", "visitor_ref"}), "seen_at", days)


def test_what_is_too_old_loses_its_personal_content_and_keeps_its_figures(visits: duckdb.DuckDBPyConnection) -> None:
    assert forget_old(visits, [limit(90)], NOW, NOW) == {"visits": 1}
    rows = visits.execute("select visit_ref, visitor_ref, email, text, amount, _extra from raw.visits").fetchall()
    assert {row[0]: (row[1], row[2], row[3]) for row in rows} == {
        "new": ("v1", "a@b.example", "I am Anna"),
        "old": ("erased", None, None),
        "undated": ("v1", "a@b.example", "I am Anna"),
    }
    assert all(row[4] == 5 for row in rows)
    assert forget_old(visits, [limit(90)], NOW, NOW) == {}, "what is forgotten is not forgotten again"


def test_a_row_that_is_personal_by_its_key_goes_whole(visits: duckdb.DuckDBPyConnection) -> None:
    assert forget_old(visits, [limit(90, keys=frozenset({"visitor_ref"}))], NOW, NOW) == {"visits": 1}
    assert visits.execute("select visit_ref from raw.visits order by 1").fetchall() == [("new",), ("undated",)]


def test_a_limit_of_rows_removes_them(visits: duckdb.DuckDBPyConnection) -> None:
    assert forget_old(visits, [limit(100, frozenset())], NOW, NOW) == {}
    assert forget_old(visits, [limit(99, frozenset())], NOW, NOW) == {"visits": 1}


def test_a_row_without_a_time_of_its_own_is_as_old_as_its_loading(visits: duckdb.DuckDBPyConnection) -> None:
    visits.execute("alter table raw.visits add column _loaded_at timestamptz")
    visits.execute("update raw.visits set _loaded_at = ?", [NOW])
    loaded = Limit("visits", frozenset(), frozenset(), frozenset(), LOADED, 90)
    assert forget_old(visits, [loaded], NOW, NOW + timedelta(days=89)) == {}
    assert forget_old(visits, [loaded], NOW, NOW + timedelta(days=91)) == {"visits": 3}


@pytest.mark.parametrize(
    ("calendar", "as_of", "kept"),
    [
        ("historical", None, ["late"]),
        ("historical", "2011-01-20", ["early", "late"]),
        ("historical", "2099-01-01", []),
        ("live", "2011-04-05", ["late"]),
        ("live", None, []),
    ],
)
def test_data_that_lie_in_the_past_are_as_old_as_the_day_of_the_run(
    tmp_path: Path, calendar: str, as_of: str | None, kept: list[str]
) -> None:
    """Visits of January and of April 2011, kept for 60 days, in a run of 2026."""
    company = tmp_path / "shop"
    company.mkdir()
    (company / "visits.csv").write_text(
        "event_ref,visitor_ref,occurred_at,event_type\nearly,v1,2011-01-10,page_view\nlate,v2,2011-04-01,page_view\n"
    )
    (company / "company.yml").write_text(
        f"name: shop\nhome_currency: EUR\ntime_zone: Europe/Rome\nlanding: .\ncalendar: {calendar}\n"
        "feeds:\n  order_lines: orders*.csv\n  web_events: visits.csv\nretention:\n  web_events: {rows: 60}\n"
    )
    session = Session(get_settings(company=str(company), home=tmp_path / "home", as_of=as_of))
    clock.set_to(NOW)
    try:
        with session.connection() as connection:
            list(ingest(connection, session.settings, session.company, session.contracts, ["web_events"]))
            session.forget_old(connection)
            found = connection.execute("select event_ref from raw.web_events order by 1").fetchall()
    finally:
        clock.set_to(None)
    assert [ref for (ref,) in found] == kept
