"""What was said of a customer on past days follows him when he turns out to be another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pandas as pd
import pytest

from dagster_project.scoring.daily_tables import write_day

TABLES = {
    "score": {"as_of_date": ("date", "Day."), "customer_id": ("bigint", "Who."), "value": ("bigint", "What.")},
    "closed": {"as_of_date": ("date", "Day."), "customer_id": ("bigint", "Who."), "reason": ("text", "Why.")},
    "model": {"as_of_date": ("date", "Day."), "value": ("bigint", "What.")},
}
GRAIN = {"closed": ("reason",)}
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema warehouse")
        yield opened


def _write(connection: duckdb.DuckDBPyConnection, day: date, scores: dict[int, int], closed: dict[int, str]) -> None:
    frames = {
        "score": pd.DataFrame({"customer_id": list(scores), "value": list(scores.values())}),
        "closed": pd.DataFrame({"customer_id": list(closed), "reason": list(closed.values())}),
        "model": pd.DataFrame({"value": [1]}),
    }
    write_day(connection, "kept", TABLES, day, frames, GRAIN)


def _merge(connection: duckdb.DuckDBPyConnection, *pairs: tuple[int, int]) -> None:
    connection.execute(
        "create or replace table warehouse.bridge_customer_merged (customer_id bigint, surviving_customer_id bigint)"
    )
    connection.executemany("insert into warehouse.bridge_customer_merged values (?, ?)", pairs)


def _rows(connection: duckdb.DuckDBPyConnection, table: str, day: date) -> list[tuple[object, ...]]:
    return connection.execute(
        f"select * exclude (as_of_date) from kept.{table} where as_of_date = ? order by all", [day]
    ).fetchall()


def test_past_rows_go_to_the_one_who_survives_and_his_own_stand(connection: duckdb.DuckDBPyConnection) -> None:
    _write(connection, MONDAY, {1: 10, 2: 20, 3: 30, 4: 40, 5: 50}, {1: "minor", 2: "minor", 4: "bounced"})
    _merge(connection, (2, 1), (3, 6), (4, 6))
    _write(connection, TUESDAY, {1: 11, 5: 51, 6: 61}, {1: "minor"})
    assert _rows(connection, "score", MONDAY) == [(1, 10), (5, 50), (6, 30)]
    assert _rows(connection, "closed", MONDAY) == [(1, "minor"), (6, "bounced")]
    assert _rows(connection, "score", TUESDAY) == [(1, 11), (5, 51), (6, 61)]
    assert _rows(connection, "model", MONDAY) == [(1,)]


def test_nothing_moves_where_nobody_turned_out_to_be_another(connection: duckdb.DuckDBPyConnection) -> None:
    _write(connection, MONDAY, {1: 10, 2: 20}, {2: "minor"})
    _merge(connection, (8, 9))
    _write(connection, TUESDAY, {1: 11}, {})
    assert _rows(connection, "score", MONDAY) == [(1, 10), (2, 20)]
    assert _rows(connection, "closed", MONDAY) == [(2, "minor")]
