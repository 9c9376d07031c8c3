"""Features of a cut-off are made of what had happened and was known by then, and a column that leaks is caught."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project import clock
from dagster_project.scoring.features import QUERIES, customer_features, set_cut_off
from dagster_project.scoring.leakage import leaking_columns

CUT_OFF = date(2026, 3, 1)
FIRST_LOAD = datetime(2026, 1, 1, 6, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 6, tzinfo=UTC)
START = datetime(2026, 3, 1, tzinfo=UTC)
TABLES = {
    "fct_order_line": "order_date_key integer, is_cancelled boolean, net_amount decimal(18,4), ordered_at timestamptz",
    "fct_return": "returned_at timestamptz",
    "fct_touchpoint": "touchpoint_kind text, direction text, outcome text, occurred_at timestamptz",
    "fct_web_session": "event_count bigint, started_at timestamptz",
    "fct_service_case": "is_complaint boolean, is_open boolean, opened_at timestamptz, resolved_at timestamptz",
    "fct_loyalty_entry": "points decimal(18,4), occurred_at timestamptz",
}


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    clock.set_to(NOW)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; create schema warehouse")
        for table, columns in TABLES.items():
            connection.execute(
                f"create table warehouse.{table} (customer_id bigint, {columns}, _loaded_at timestamptz)"
            )
        connection.execute("create table warehouse.dim_customer (customer_id bigint, is_deleted boolean)")
        connection.execute("insert into warehouse.dim_customer values (1, true), (2, false)")
        happen(connection, 1, -400, -59)
        yield connection
    clock.set_to(None)


def happen(connection: duckdb.DuckDBPyConnection, customer: int, day: int, loaded_day: int) -> None:
    """Let an event of each kind happen, and be loaded, so many days after the cut-off; day -59 is the first load's."""
    at, loaded = START + timedelta(days=day, hours=9), START + timedelta(days=loaded_day, hours=6)
    rows = {
        "fct_order_line": [int(f"{at:%Y%m%d}"), False, 10, at],
        "fct_return": [at],
        "fct_touchpoint": ["contact", "outbound", "answered", at],
        "fct_web_session": [3, at],
        "fct_service_case": [True, True, at, None],
        "fct_loyalty_entry": [5, at],
    }
    for table, row in rows.items():
        marks = ", ".join("?" * (len(row) + 2))
        connection.execute(f"insert into warehouse.{table} values ({marks})", [customer, *row, loaded])


def rows_at(connection: duckdb.DuckDBPyConnection, cut_off: date = CUT_OFF) -> list[dict[str, object]]:
    set_cut_off(connection, cut_off, "UTC")
    return connection.execute(customer_features()).df().to_dict("records")  # type: ignore[return-value]


def test_what_the_first_load_brought_counts_from_when_it_happened(warehouse: duckdb.DuckDBPyConnection) -> None:
    (row,) = rows_at(warehouse, date(2025, 2, 1))  # the event: 400 days before 1 March 2026
    assert (row["order_recency_days"], row["order_tenure_days"]) == (7, 7)
    assert (row["customer_id"], row["order_count"], row["order_count_90"], row["net_amount_365"]) == (1, 1, 1, 10)
    assert rows_at(warehouse, date(2025, 1, 1)) == []


@pytest.mark.parametrize(
    ("day", "loaded_day", "counts"), [(-1, 0, True), (-1, 1, False), (0, 0, False), (5, 6, False), (-40, 30, False)]
)
def test_an_event_counts_if_it_happened_before_the_day_and_was_known_on_it(
    warehouse: duckdb.DuckDBPyConnection, day: int, loaded_day: int, counts: bool
) -> None:
    happen(warehouse, 2, day, loaded_day)
    rows = {row["customer_id"]: row for row in rows_at(warehouse)}
    assert (2 in rows) is counts
    if counts:
        names = ("order_count_90", "return_count_365", "outbound_contact_count_90", "visit_count_90")
        assert [rows[2][name] for name in names] == [1, 1, 1, 1]
        assert [rows[2][name] for name in ("case_count_365", "complaint_count_365", "points_balance")] == [1, 1, 5]


def test_what_the_run_of_the_day_has_loaded_counts(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Its rows are dated a little after the moment at which it began."""
    clock.set_to(START + timedelta(hours=5))
    happen(warehouse, 2, -1, 0)
    assert {row["customer_id"] for row in rows_at(warehouse)} == {1, 2}


events = st.lists(st.tuples(st.integers(1, 3), st.integers(-400, 60), st.integers(-50, 60)), max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=events)
def test_no_feature_leaks_whatever_happens(
    warehouse: duckdb.DuckDBPyConnection, happened: list[tuple[int, int, int]]
) -> None:
    for table in TABLES:
        warehouse.execute(f"delete from warehouse.{table}")
    for customer, day, loaded_day in happened:
        happen(warehouse, customer, day, loaded_day)
    assert leaking_columns(warehouse, CUT_OFF, "UTC") == []
    assert warehouse.execute("select count(*) from warehouse.dim_customer").fetchone() == (2,)


@pytest.mark.parametrize(
    ("planted", "caught"),
    [
        ("select customer_id, count(*) as orders_to_come from warehouse.fct_order_line group by 1",
         ["planted.orders_to_come"]),
        ("""select customer_id, max(ordered_at) as last, min(ordered_at) as first
            from warehouse.fct_order_line group by 1""",
         ["planted.last"]),
        ("""select customer_id, count(*) as loaded_too_late from warehouse.fct_return, feature_cut_off
            where returned_at < starts_at group by 1""", ["planted.loaded_too_late"]),
        ("select customer_id, bool_or(resolved_at is null) as is_open from warehouse.fct_service_case group by 1",
         ["planted"]),
        ("select customer_id, is_deleted from warehouse.dim_customer", ["planted"]),
        # The average of everybody holds what the others did later.
        ("""select customer_id, sum(points) / (select avg(points) from warehouse.fct_loyalty_entry) as share
            from warehouse.fct_loyalty_entry, feature_cut_off where occurred_at < starts_at and _loaded_at <= known_at
            group by 1""",
         ["planted.share"]),
        # A correction that came later, of something that happened before.
        ("""select customer_id, min_by(net_amount, _loaded_at) as told, max_by(net_amount, _loaded_at) as corrected
            from warehouse.fct_order_line, feature_cut_off where ordered_at < starts_at group by 1""",
         ["planted.corrected"]),
        # Who was found to be whom since.
        ("select customer_id, count(*) as identifiers from warehouse.bridge_customer_identity group by 1", ["planted"]),
    ],
)  # fmt: skip
def test_a_planted_column_that_leaks_is_caught(
    warehouse: duckdb.DuckDBPyConnection, planted: str, caught: list[str]
) -> None:
    happen(warehouse, 1, -3, -2)
    happen(warehouse, 1, 5, 6)
    happen(warehouse, 1, -2, 9)
    warehouse.execute("update warehouse.fct_loyalty_entry set points = 50 where occurred_at > ?", [START])
    warehouse.execute("update warehouse.fct_order_line set net_amount = 11 where _loaded_at > ?", [START])
    warehouse.execute(
        "create table warehouse.bridge_customer_identity as select 1 as customer_id, 'e-mail' as identifier"
    )
    assert leaking_columns(warehouse, CUT_OFF, "UTC", {**QUERIES, "planted": planted}) == caught


def test_each_customer_is_asked_as_the_days_go_by(warehouse: duckdb.DuckDBPyConnection) -> None:
    planted = {"planted": "select customer_id, count(*) as orders_to_come from warehouse.fct_order_line group by 1"}
    warehouse.execute("delete from warehouse.dim_customer")
    warehouse.execute("insert into warehouse.dim_customer by name select range as customer_id from range(1, 5)")
    happen(warehouse, 1, 5, 6)
    days = [CUT_OFF + timedelta(days=number) for number in range(4)]
    found = [leaking_columns(warehouse, day, "UTC", planted, customers=1) for day in days]
    assert sorted(found) == [[], [], [], ["planted.orders_to_come"]]
