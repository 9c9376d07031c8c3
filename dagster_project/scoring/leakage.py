"""The proof that features know nothing of the future: they are made a second time in a world that ends at the cut-off.

Belongs here: that world, and the comparison. Does not belong here: the features (`features.py`).
A feature that reads a later row of a fact, a column filled later, or a table without dates differs or fails there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import duckdb

from dagster_project.database import tables
from dagster_project.scoring.features import EVENTS, QUERIES, known, set_cut_off

# What a row gains after its moment.
FILLED_LATER = {
    "fct_touchpoint": ("outcome", "duration_seconds", "ended_at"),
    "fct_web_session": ("is_bounce", "event_count", "page_view_count", "product_view_count", "search_count",
                        "add_to_cart_count", "checkout_count", "purchase_count", "duration_seconds", "ended_at"),
    "fct_service_case": ("is_open", "satisfaction_score", "recommend_score", "first_response_minutes",
                         "resolution_minutes", "first_response_business_minutes", "resolution_business_minutes",
                         "first_response_at", "resolved_at"),
}  # fmt: skip


CUSTOMERS = 10_000
"""About how many customers are asked on a day. A query that leaks does so for many; others are asked the day after."""


def leaking_columns(
    connection: duckdb.DuckDBPyConnection,
    cut_off: date,
    time_zone: str,
    queries: Mapping[str, str] = QUERIES,
    customers: int = CUSTOMERS,
) -> list[str]:
    """Name the features (`query.column`) that would be others had the world ended at the cut-off.

    Args:
        connection: the open warehouse; as it was afterwards.
        cut_off: the day, before the newest facts: else there is no future to leak.
        time_zone: the company's.
        queries: name → query giving `customer_id` and features. One that cannot run on what is dated is named alone.
        customers: about how many of them are asked, by their number: each in turn, as the days go by.
    """
    set_cut_off(connection, cut_off, time_zone)
    part = _part(connection, cut_off, customers)
    found = []
    with _world(connection, part, has_ended=False):
        for name, query in queries.items():
            connection.execute(f"create or replace temp table feature_{name}_now as {query}")
    with _world(connection, part, has_ended=True):
        for name, query in queries.items():
            try:
                connection.execute(f"create or replace temp table feature_{name}_then as {query}")
            except (duckdb.CatalogException, duckdb.BinderException):
                found.append(name)
                continue
            found += [f"{name}.{column}" for column in _differing(connection, name)]
    return found


def _part(connection: duckdb.DuckDBPyConnection, cut_off: date, customers: int) -> str:
    """Write the condition that a customer is asked for this cut-off."""
    row = connection.execute("select approx_count_distinct(customer_id) from warehouse.dim_customer").fetchone()
    parts = max(1, int(row[0]) // customers) if row else 1
    return f"customer_id % {parts} = {cut_off.toordinal() % parts}"


@contextmanager
def _world(connection: duckdb.DuckDBPyConnection, part: str, has_ended: bool) -> Iterator[None]:
    """Let `warehouse` name views of what the customers asked did, and, where it ends at the cut-off, nothing else."""
    row = connection.execute("select current_database()").fetchone()
    home = f'"{row[0]}"' if row else ""
    there, others = f"{home}.warehouse", [] if has_ended else sorted({*tables(connection, "warehouse")} - {*EVENTS})
    connection.execute("attach ':memory:' as known_then")
    try:
        connection.execute("create schema known_then.warehouse")
        for table in others:
            connection.execute(f"create view known_then.warehouse.{table} as from {there}.{table}")
        for fact in EVENTS:
            condition, star = f"{fact}.{part}", f"{fact}.*"
            if has_ended:
                columns = _columns(connection, fact)
                later = [column for column in FILLED_LATER.get(fact, ()) if column in columns]
                star += f" exclude ({', '.join(later)})" if later else ""
                condition += f" and {known(fact, there)}"
            connection.execute(
                f"""create view known_then.warehouse.{fact} as select {star} from {there}.{fact} as {fact}
                cross join temp.feature_cut_off as cut_off where {condition}"""
            )
        connection.execute("use known_then")
        yield
    finally:
        connection.execute(f"use {home}")
        connection.execute("detach known_then")


def _columns(connection: duckdb.DuckDBPyConnection, fact: str) -> set[str]:
    rows = connection.execute(
        """select column_name from duckdb_columns()
        where database_name = current_database() and schema_name = 'warehouse' and table_name = ?""",
        [fact],
    ).fetchall()
    return {str(name) for (name,) in rows}


def _differing(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    described = connection.execute(f"describe feature_{query}_now").fetchall()
    names = [str(row[0]) for row in described if row[0] != "customer_id"]
    differs = ", ".join(f'coalesce(bool_or(now."{n}" is distinct from past."{n}"), false)' for n in names)
    row = connection.execute(
        f"select {differs} from feature_{query}_now as now full join feature_{query}_then as past using (customer_id)"
    ).fetchone()
    return [name for name, is_other in zip(names, row or (), strict=True) if is_other]
