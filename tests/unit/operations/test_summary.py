"""What a run says of what landed: the rows that went in, those that did not with the reason, and what to look at."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest
from rich.console import Console

from dagster_project.ingestion.store import Load, prepare, register
from dagster_project.operations.summary import landed_since, show_landed

STARTED = datetime(2026, 1, 6, tzinfo=UTC)


@pytest.fixture
def register_of_a_day() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        prepare(connection, {})
        loads = [
            Load("order_lines", "good.csv", "1", "loaded", None, 10, 8, 1, 1),
            Load("order_lines", "bad.csv", "2", "held_back", "too much was refused", 100, 10, 90, 0),
            Load("order_lines", "odd.csv", "3", "set_aside", "it is not CSV"),
            Load("order_lines", "copy.csv", "1", "already_loaded"),
        ]
        register(connection, loads, STARTED)
        yield connection


def _said(connection: duckdb.DuckDBPyConnection, *said: str) -> str:
    out = io.StringIO()
    show_landed(Console(file=out, width=100), landed_since(connection, STARTED), [], said)
    return out.getvalue()


def test_a_batch_held_back_is_named_and_in_no_sum(register_of_a_day: duckdb.DuckDBPyConnection) -> None:
    page = _said(register_of_a_day)
    assert "2 files, 10 rows: 8 accepted, 1 unchanged, 1 quarantined" in page
    assert "held back order_lines: bad.csv: too much was refused" in page
    assert "set aside order_lines: odd.csv: it is not CSV" in page


def test_what_loading_has_to_say_is_said_within_bounds(register_of_a_day: duckdb.DuckDBPyConnection) -> None:
    page = _said(register_of_a_day, *(f"feed: column {n} is new" for n in range(14)))
    assert "warning feed: column 11 is new" in page
    assert "column 12" not in page
    assert "and 2 more" in page
