"""What was known at a moment is copied as it was, whatever has come since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from dagster_project import clock
from dagster_project.operations.known import copy_known, first_known
from dagster_project.operations.lists import remember_lists
from dagster_project.segmentation import evaluate

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
LEDGERS = {"segment_ledger", "segment_definition_history"}
Told = dict[str, list[tuple[object, ...]]]
SHOWN = {
    "raw": "from raw.orders",
    "register": "from raw._load",
    "refused": "from quarantine.orders",
    "list": "from reference.segment",
    "members": "select * exclude (believed_to) from intermediate.segment_ledger where believed_to is null",
    "definitions": "from intermediate.segment_definition_history",
}
# of a day: how many orders come in, how many are refused, which day is evaluated, the criterion
days = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 6), st.sampled_from([1, 2, 3])),
    min_size=1, max_size=6,
)  # fmt: skip


def tell(connection: duckdb.DuckDBPyConnection) -> Told:
    return {name: connection.execute(f"{query} order by all").fetchall() for name, query in SHOWN.items()}


def house(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(path))
    connection.execute(
        """set TimeZone = 'UTC';
        create schema raw; create schema quarantine; create schema reference; create schema intermediate;
        create schema marts;
        create table raw.orders (customer_id bigint, _loaded_at timestamptz);
        create table raw._load (feed text, status text, loaded_at timestamptz);
        create table quarantine.orders (_raw json, _loaded_at timestamptz);
        create table reference.segment (segment_name text, criterion text, owner text, description text, since date,
            share decimal(9, 4));
        create view marts.mart_customer_360 as
            select customer_id, count(*) as order_count from raw.orders group by customer_id"""
    )
    return connection


def live(connection: duckdb.DuckDBPyConnection, number: int, day: tuple[int, int, int, int]) -> None:
    orders, refused, evaluated, least = day
    clock.set_to(START + timedelta(days=number))
    moment = clock.now()
    connection.execute("insert into raw.orders select n, ? from range(?) as t (n)", [moment, orders])
    connection.execute("""insert into quarantine.orders select '{"a": 1}', ? from range(?)""", [moment, refused])
    connection.execute("insert into raw._load values ('orders', 'loaded', ?)", [moment])
    connection.execute("delete from reference.segment")
    connection.execute(
        "insert into reference.segment values ('buyers', 'order_count >= ' || ?, 'a, \"b\"', null, ?, 0.25)",
        [least, date(2026, 1, least)],
    )
    remember_lists(connection)
    evaluate(connection, date(2026, 3, 1) + timedelta(days=evaluated))


@pytest.fixture(autouse=True)
def _running_clock() -> Iterator[None]:
    yield
    clock.set_to(None)


@limits(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lived=days)
def test_every_past_evening_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, lived: list[tuple[int, ...]]
) -> None:
    path = tmp_path_factory.mktemp("house") / "build.duckdb"
    told: list[Told] = []
    with house(path) as connection:
        for number, day in enumerate(lived):
            live(connection, number, day)  # type: ignore[arg-type]
            told.append(tell(connection))
    for number, was in enumerate(told):
        with duckdb.connect() as replayed:
            replayed.execute("set TimeZone = 'UTC'")
            for schema in ("raw", "quarantine", "reference", "intermediate"):
                replayed.execute(f"create schema {schema}")
            replayed.execute(f"attach '{path}' as origin (read_only)")
            rows = copy_known(replayed, "origin", START + timedelta(days=number, hours=12), LEDGERS)
            assert tell(replayed) == was
            assert rows == len(was["raw"])
            assert first_known(replayed, "origin") == START


def test_a_list_first_read_later_is_taken_as_it_was_first_read(tmp_path: Path) -> None:
    with house(tmp_path / "build.duckdb") as connection:
        live(connection, 3, (1, 0, 3, 2))
        live(connection, 4, (1, 0, 4, 3))
    with duckdb.connect() as replayed:
        for schema in ("raw", "quarantine", "reference", "intermediate"):
            replayed.execute(f"create schema {schema}")
        replayed.execute(f"attach '{tmp_path / 'build.duckdb'}' as origin (read_only)")
        copy_known(replayed, "origin", START, LEDGERS)
        assert replayed.execute("select criterion from reference.segment").fetchall() == [("order_count >= 2",)]


def test_a_house_that_loaded_nothing_knows_nothing() -> None:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as origin")
        assert first_known(connection, "origin") is None
