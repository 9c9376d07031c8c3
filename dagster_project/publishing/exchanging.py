"""A version that grows out of a copy of the former one: what has changed since is exchanged, table by table.

Belongs here: which rows of which table, and their exchange. A table that the run left as it was stays; of one that it
brought up to date the rows that it wrote come again; of one with a set of rows a day the days that differ; any other
table is filled anew. Whether a version may grow is decided in `publish.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.database import count, tables
from dagster_project.publishing.copying import Select, attached
from dagster_project.publishing.privacy import Description

WRITTEN = "__written"
"""Ends the name of the table, in `staging`, of the keys that a daily run wrote to a table; dbt's macros fill it."""
MANY = 50_000
"""Rows from which on it pays to look closer."""


def exchange_tables(
    connection: duckdb.DuckDBPyConnection,
    version: Path,
    selects: Mapping[tuple[str, str], Select],
    descriptions: Mapping[tuple[str, str], Description],
    kept: Collection[tuple[str, str]],
    as_of: date,
) -> dict[str, int]:
    """Bring a copy of the former version up to date; return its rows by `schema.table`.

    Args:
        connection: the open warehouse.
        version: the copy; nobody else has it open.
        selects: what each table is made of, by (schema, table).
        descriptions: of tables and columns, by (schema, table).
        kept: the tables that are as they were when the former version was made.
        as_of: the day for which was scored and decided.
    """
    expected = {}
    with attached(connection, version):
        written = {name.removesuffix(WRITTEN) for name in tables(connection, "staging") if name.endswith(WRITTEN)}
        connection.execute("begin")
        for name, select in selects.items():
            schema, table = name
            relation = f'{schema}."{table}"'
            rows = expected[f"{schema}.{table}"] = count(connection, relation)
            if name in kept:
                continue
            description = descriptions.get(name, Description())
            key = description.key if table in written else None
            if key and key not in description.pseudonym_columns:
                written_rows = f'"{key}" in (select "{key}" from staging."{table}{WRITTEN}")'
                connection.execute(f"delete from publication.{relation} where {written_rows}")
                # DuckDB reads every column of every row before it looks for a key: so the keys are looked for first.
                found = f"rowid in (select rowid from {relation} where {written_rows})"
                exchanged = _insert(connection, relation, select, found)
                if count(connection, f"publication.{relation}") != rows:
                    # What the run wrote is there, so what is too much is what it took away.
                    connection.execute(
                        f'delete from publication.{relation} where "{key}" not in (select "{key}" from {relation})'
                    )
            elif rows > MANY and _is_daily(connection, schema, table):
                days = ", ".join(f"date '{day}'" for day in _changed_days(connection, relation, as_of))
                exchanged = _exchange(connection, relation, select, f"as_of_date in ({days})")
            else:
                exchanged = _exchange(connection, relation, select)
            if exchanged > MANY:
                # So that the next table takes the room that this one has given up. Nobody reads the file yet: small
                # tables need no commit of their own.
                connection.execute("commit")
                connection.execute("checkpoint publication")
                connection.execute("begin")
        connection.execute("commit")
    return expected


def _exchange(connection: duckdb.DuckDBPyConnection, relation: str, select: Select, rows: str = "") -> int:
    connection.execute(f"delete from publication.{relation} where {rows or 'true'}")
    return _insert(connection, relation, select, rows)


def _insert(connection: duckdb.DuckDBPyConnection, relation: str, select: Select, rows: str) -> int:
    inserted = connection.execute(f"insert into publication.{relation} {select(rows=rows)}").fetchone()
    return int(inserted[0]) if inserted else 0


def _is_daily(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether a table holds a set of rows a day, as those of scores and decisions about customers do."""
    columns = connection.execute(
        "select count(*) from duckdb_columns() where database_name = current_database() and schema_name = ?"
        " and table_name = ? and column_name in ('as_of_date', 'customer_id')",
        [schema, table],
    ).fetchone()
    return schema in {"scores", "decisions"} and columns == (2,)


def _changed_days(connection: duckdb.DuckDBPyConnection, relation: str, as_of: date) -> list[date]:
    """Name the day of the run, and those that have other customers than they had: one turned out to be another."""
    told = "select as_of_date, count(*) as row_count, sum(hash(customer_id)) as customers from {} group by as_of_date"
    now, former = told.format(relation), told.format(f"publication.{relation}")
    rows = connection.execute(
        f"select as_of_date from (({now} except {former}) union all ({former} except {now})) as changed"
        " union select cast(? as date)",
        [as_of],
    ).fetchall()
    return [day for (day,) in rows]
