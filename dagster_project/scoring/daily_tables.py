"""Tables that hold one set of rows a day: made with their descriptions, and written a day at a time.

Belongs here: shape and writing, for scores and decisions alike. Does not belong here: any table.
A day that is computed again replaces its own rows and no others; but where two customers turned out to be one, the rows
of past days follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

import duckdb
import pandas as pd

from dagster_project.database import tables as tables_of

MERGED = "warehouse.bridge_customer_merged"
Columns = Mapping[str, tuple[str, str]]
"""Column → (type, meaning)."""
Grain = Mapping[str, Sequence[str]]
"""Table → what tells the rows of one customer and day apart; a table that is not named has one."""


def prepare_tables(connection: duckdb.DuckDBPyConnection, schema: str, tables: Mapping[str, Columns]) -> None:
    """Create the tables and columns of the schema that are missing, with every column's meaning as its comment."""
    connection.execute(f"create schema if not exists {schema}")
    there = connection.execute(
        "select table_name, column_name, comment from duckdb_columns() where schema_name = ?", [schema]
    ).fetchall()
    for table, columns in tables.items():
        if {(table, name, meaning) for name, (_, meaning) in columns.items()} <= set(there):
            continue
        body = ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items())
        connection.execute(f"create table if not exists {schema}.{table} ({body})")
        for name, (kind, meaning) in columns.items():
            connection.execute(f"alter table {schema}.{table} add column if not exists {name} {kind}")
            text = meaning.replace("'", "''")
            connection.execute(f"comment on column {schema}.{table}.{name} is '{text}'")


def write_day(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    tables: Mapping[str, Columns],
    as_of: date,
    frames: Mapping[str, pd.DataFrame | str],
    grain: Grain = MappingProxyType({}),
) -> dict[str, int]:
    """Put the day's rows of every table in place of the rows they hold for that day, all or none.

    The rows of a table stand in a dataframe or, where they are many, are given by SQL: the name of a table or view, or
    a query in brackets, whose rows never leave the engine.
    Columns are taken by name; `as_of_date` is set here. Rows of other days go to the customer whom theirs turned out to
    be (`warehouse.bridge_customer_merged`); where he has a row of that day and grain, his own stands. Returns the
    number of rows by table.
    """
    if set(frames) != set(tables):
        raise ValueError(f"Every table of schema {schema} is written for every day.")
    prepare_tables(connection, schema, tables)
    connection.execute("begin")
    try:
        if _has_merged(connection):
            for table in (t for t, columns in tables.items() if "customer_id" in columns):
                _follow_merged(connection, f"{schema}.{table}", grain.get(table, ()))
        rows = {t: _replace(connection, f"{schema}.{t}", tables[t], as_of, frame) for t, frame in frames.items()}
        connection.execute("commit")
    except Exception:
        connection.execute("rollback")
        raise
    return rows


def _has_merged(connection: duckdb.DuckDBPyConnection) -> bool:
    schema, table = MERGED.split(".")
    return table in tables_of(connection, schema)


def _follow_merged(connection: duckdb.DuckDBPyConnection, table: str, grain: Sequence[str]) -> None:
    if not connection.execute(
        f"select 1 from {table} where customer_id in (select customer_id from {MERGED}) limit 1"
    ).fetchall():
        return
    concerned = f"customer_id in (select customer_id from {MERGED} union select surviving_customer_id from {MERGED})"
    # What a customer has of his own comes first, then what he has from the oldest number.
    connection.execute(
        f"""create or replace temp table followed as
        select * exclude (former_id) from (
            select told.* replace (coalesce(merged.surviving_customer_id, told.customer_id) as customer_id),
                merged.customer_id as former_id
            from (select * from {table} where {concerned}) as told
            left join {MERGED} as merged on told.customer_id = merged.customer_id
        ) as rekeyed
        qualify row_number() over (
            partition by {", ".join(["as_of_date", "customer_id", *grain])} order by former_id nulls first
        ) = 1"""
    )
    connection.execute(f"delete from {table} where {concerned}")
    connection.execute(f"insert into {table} by name from followed")
    connection.execute("drop table followed")


def _replace(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Columns, as_of: date, rows: pd.DataFrame | str
) -> int:
    connection.execute(f"delete from {table} where as_of_date = ?", [as_of])
    if isinstance(rows, str):
        return _insert(connection, table, columns, as_of, rows)
    if rows.empty:
        return 0
    connection.register("rows_of_the_day", rows)
    try:
        return _insert(connection, table, columns, as_of, "rows_of_the_day")
    finally:
        connection.unregister("rows_of_the_day")


def _insert(connection: duckdb.DuckDBPyConnection, table: str, columns: Columns, as_of: date, source: str) -> int:
    names = ", ".join(columns)
    values = ", ".join(_expression(name, kind) for name, (kind, _) in columns.items())
    row = connection.execute(f"insert into {table} ({names}) select {values} from {source}", [as_of]).fetchone()
    return int(row[0]) if row else 0


def _expression(name: str, kind: str) -> str:
    if name == "as_of_date":
        return "cast(? as date)"
    if kind in {"double", "decimal(18,4)"}:
        # A missing number is NaN in a dataframe and null in a table.
        return f"cast(nullif(cast({name} as double), cast('nan' as double)) as {kind})"
    return f"cast({name} as {kind})"
