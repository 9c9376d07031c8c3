from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from dagster_project.privacy.retention import Limit, forget_old

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
    assert forget_old(visits, [limit(90)], NOW) == {"visits": 1}
    rows = visits.execute("select visit_ref, visitor_ref, email, text, amount, _extra from raw.visits").fetchall()
    assert {row[0]: (row[1], row[2], row[3]) for row in rows} == {
        "new": ("v1", "a@b.example", "I am Anna"),
        "old": ("erased", None, None),
        "undated": ("v1", "a@b.example", "I am Anna"),
    }
    assert all(row[4] == 5 for row in rows)
    assert forget_old(visits, [limit(90)], NOW) == {}, "what is forgotten is not forgotten again"


def test_a_row_that_is_personal_by_its_key_goes_whole(visits: duckdb.DuckDBPyConnection) -> None:
    assert forget_old(visits, [limit(90, keys=frozenset({"visitor_ref"}))], NOW) == {"visits": 1}
    assert visits.execute("select visit_ref from raw.visits order by 1").fetchall() == [("new",), ("undated",)]


def test_a_limit_of_rows_removes_them(visits: duckdb.DuckDBPyConnection) -> None:
    assert forget_old(visits, [limit(100, frozenset())], NOW) == {}
    assert forget_old(visits, [limit(99, frozenset())], NOW) == {"visits": 1}
