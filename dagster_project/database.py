"""The one way into the warehouse file.

DuckDB lets one process write, and refuses a second connection of that process with another configuration. So every
room, dbt included, opens the file without configuration and sets its limits by statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import duckdb

from dagster_project import clock
from dagster_project.machine import is_disk_full, make_folder
from dagster_project.settings import Settings, StellaError

SCHEMAS = (
    "raw", "quarantine", "reference", "staging", "intermediate", "warehouse", "marts", "scores", "decisions",
)  # fmt: skip


@contextmanager
def connect(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for writing, in UTC, within the settings' limits, with every schema present.

    Raises:
        StellaError: another process holds the file, its folder cannot be written to, or it is damaged.
    """
    make_folder(settings.company_home)
    try:
        connection = duckdb.connect(str(settings.database))
    except duckdb.Error as fault:
        if is_disk_full(fault):
            raise
        raise StellaError(_why_not_open(settings, fault)) from None
    try:
        # It holds the raw rows: nobody but its owner reads it. Readers have the published file.
        settings.database.chmod(0o600)
        set_limits(connection, settings)
        for schema in SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        yield connection
    finally:
        connection.close()


def _why_not_open(settings: Settings, fault: duckdb.Error) -> str:
    if "could not set lock" in str(fault).lower():
        return f"{settings.database} is held by another process. Wait for it to end; readers use the published file."
    return (
        f"{settings.database} cannot be opened ({str(fault).strip().splitlines()[0]}). Put a copy of it "
        "back, or move it away: stella run makes it anew from the landing folder."
    )


def set_limits(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Set time zone, memory, threads and the spill folder."""
    spill, memory = str(settings.company_home / "spill"), settings.memory_limit.replace("'", "''")
    connection.execute(f"set memory_limit = '{memory}'")
    there = connection.execute("select current_setting('temp_directory')").fetchone()
    # Once something has been spilled the engine, which all connections of the process share, refuses to be told again.
    if there != (spill,):
        connection.execute("set temp_directory = '{}'".format(spill.replace("'", "''")))
    connection.execute(f"set threads = {settings.threads}")
    connection.execute("set TimeZone = 'UTC'")


def leave_gaps(connection: duckdb.DuckDBPyConnection) -> None:
    """Let rows that are deleted keep their room: to move others into it costs more than a day's rows do."""
    connection.execute("set max_vacuum_tasks = 0")


def used_blocks(connection: duckdb.DuckDBPyConnection) -> int:
    """Count the blocks of the warehouse's file that hold something, gaps included."""
    row = connection.execute(
        "select used_blocks from pragma_database_size() where database_name = current_database()"
    ).fetchone()
    return int(row[0]) if row else 0


def tables(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """Name the tables and views of a schema, sorted."""
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = ? order by 1", [schema]
    ).fetchall()
    return [name for (name,) in rows]


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Count the rows of `schema.table`."""
    row = connection.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def next_moment(connection: duckdb.DuckDBPyConnection, relation: str, column: str) -> datetime:
    """Tell the present moment, but after every one in the column, so that a clock set back loses nothing."""
    row = connection.execute(f"select max({column}) from {relation}").fetchone()
    last: datetime | None = row[0] if row else None
    now = clock.now()
    return now if last is None or now > last else last + timedelta(microseconds=1)


def row_hash(columns: Sequence[str], extra: str) -> str:
    """Write the SQL of the hash by which a landed row is told from the one before it under its key.

    Args:
        columns: expressions of the contract's columns, in its order.
        extra: the expression of what the contract does not know, JSON.
    """
    return f"to_hex(hash({', '.join(columns)}, cast({extra} as varchar)))"
