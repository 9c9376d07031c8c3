"""A file made anew: every table as its select gives it, with the descriptions as comments.

Belongs here: writing tables into a file that nobody reads yet. Which file, and when readers see it, is in `publish.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import duckdb

from dagster_project import clock
from dagster_project.publishing.privacy import Description

PUBLISHED_SCHEMAS = ("warehouse", "marts", "scores", "decisions")


def copy_tables(
    connection: duckdb.DuckDBPyConnection,
    version: Path,
    selects: Mapping[tuple[str, str], str],
    descriptions: Mapping[tuple[str, str], Description],
    as_of: date,
) -> dict[str, int]:
    """Write the tables into a fresh file; return their rows by `schema.table`.

    Args:
        connection: the open warehouse.
        version: the file to make.
        selects: what each table is made of, by (schema, table).
        descriptions: of tables and columns, by (schema, table).
        as_of: the day for which was scored and decided.
    """
    connection.execute(f"attach '{_quoted(str(version))}' as publication")
    try:
        # The thousand comments come first, in one transaction: each would be a commit of its own, and each makes the
        # table's entry anew, which costs more once there are rows.
        connection.execute("begin")
        for schema in PUBLISHED_SCHEMAS:
            connection.execute(f"create schema publication.{schema}")
        for (schema, table), select in selects.items():
            connection.execute(f'create table publication.{schema}."{table}" as {select} with no data')
        _comment(connection, descriptions)
        connection.execute("commit")
        connection.execute("begin")
        expected = {f"{name[0]}.{name[1]}": _fill(connection, *name, select) for name, select in selects.items()}
        connection.execute(
            "create table publication.main.publication as select ?::date as as_of_date, ?::timestamptz as published_at",
            [as_of, clock.now()],
        )
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.TransactionException):
            connection.execute("rollback")
        raise
    finally:
        connection.execute("detach publication")
    return expected


def _comment(connection: duckdb.DuckDBPyConnection, descriptions: Mapping[tuple[str, str], Description]) -> None:
    columns = connection.execute(
        "select schema_name, table_name, list(column_name) from duckdb_columns()"
        " where database_name = 'publication' group by all"
    ).fetchall()
    for schema, table, there in columns:
        description = descriptions.get((schema, table), Description())
        target = f'publication.{schema}."{table}"'
        if description.text:
            connection.execute(f"comment on table {target} is '{_quoted(description.text)}'")
        for column, text in description.columns.items():
            if text and column in there:
                connection.execute(f"comment on column {target}.\"{column}\" is '{_quoted(text)}'")


def _fill(connection: duckdb.DuckDBPyConnection, schema: str, table: str, select: str) -> int:
    filled = connection.execute(f'insert into publication.{schema}."{table}" {select}').fetchone()
    return int(filled[0]) if filled else 0


def _quoted(text: str) -> str:
    return text.replace("'", "''")
