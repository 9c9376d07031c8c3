"""What was known at a moment, copied out of a warehouse: raw rows, refused rows, ledgers and lists as they were then.

Belongs here: which rows that is. Does not belong here: what is built from them (`replay.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import duckdb

from dagster_project.operations.lists import MEMORY, restore_lists

# Which column says when a row was known, in the order in which it is looked for.
KNOWN_FROM = ("_loaded_at", "loaded_at", "believed_from", "seen_at")


def first_known(connection: duckdb.DuckDBPyConnection, origin: str) -> datetime | None:
    """Tell when the attached warehouse loaded its first file; None where it loaded none."""
    if not any(table == "_load" for _, table, _ in _tables(connection, origin)):
        return None
    row = connection.execute(f"select min(loaded_at) from {origin}.raw._load where status = 'loaded'").fetchone()
    return row[0] if row else None


def copy_known(connection: duckdb.DuckDBPyConnection, origin: str, known_at: datetime, ledgers: Collection[str]) -> int:
    """Copy into this warehouse what the attached one, `origin`, knew at a moment; returns the number of raw rows.

    Raw rows and refused ones by the time at which they were loaded; ledgers by what was believed; lists as they were
    read. A belief that ended later is open again.
    """
    restore_lists(connection, origin, known_at)
    rows = 0
    for schema, table, columns in _tables(connection, origin):
        is_wanted = table in ledgers or "believed_from" in columns if schema == "intermediate" else True
        if is_wanted and f"{schema}.{table}" != MEMORY:
            copied = _copy(connection, origin, f'{schema}."{table}"', columns, known_at)
            rows += copied if schema == "raw" and not table.startswith("_") else 0
    return rows


def _tables(connection: duckdb.DuckDBPyConnection, origin: str) -> list[tuple[str, str, list[str]]]:
    return connection.execute(
        """select c.schema_name, c.table_name, list(c.column_name order by c.column_index)
        from duckdb_columns() as c
        inner join duckdb_tables() as t
            on t.database_name = c.database_name and t.schema_name = c.schema_name and t.table_name = c.table_name
        where c.database_name = ? and c.schema_name in ('raw', 'quarantine', 'intermediate')
        group by all order by 1, 2""",
        [origin],
    ).fetchall()


def _copy(
    connection: duckdb.DuckDBPyConnection, origin: str, relation: str, columns: Collection[str], known_at: datetime
) -> int:
    known_from = next((column for column in KNOWN_FROM if column in columns), None)
    until = "case when believed_to <= $moment then believed_to end as believed_to"
    star = f"* replace ({until})" if "believed_to" in columns else "*"
    where = f" where {known_from} <= $moment" if known_from else ""
    used = {"moment": known_at} if known_from else {}
    row = connection.execute(
        f"create or replace table {relation} as select {star} from {origin}.{relation}{where}", used
    ).fetchone()
    return int(row[0]) if row else 0
