"""A file made anew: every table as its select gives it, with the descriptions as comments.

Belongs here: writing tables into a file that nobody reads yet. Which file, and when readers see it, is in `publish.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import duckdb

from dagster_project.publishing.privacy import Description

PUBLISHED_SCHEMAS = ("warehouse", "marts", "scores", "decisions")


class Select(Protocol):
    """What a published table is made of: its query, of all rows or of those for which a condition holds."""

    def __call__(self, *, rows: str = "") -> str: ...  # noqa: D102 - told above


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, version: Path, how: str = "") -> Iterator[None]:
    """Have a version at hand as `publication`; what fails leaves no transaction open."""
    connection.execute(f"attach '{_quoted(str(version))}' as publication {how}")
    try:
        yield
    except BaseException:
        with suppress(duckdb.TransactionException):
            connection.execute("rollback")
        raise
    finally:
        connection.execute("detach publication")


def copy_tables(
    connection: duckdb.DuckDBPyConnection,
    version: Path,
    selects: Mapping[tuple[str, str], Select],
    descriptions: Mapping[tuple[str, str], Description],
) -> dict[str, int]:
    """Write the tables into a fresh file; return their rows by `schema.table`.

    Args:
        connection: the open warehouse.
        version: the file to make.
        selects: what each table is made of, by (schema, table).
        descriptions: of tables and columns, by (schema, table).
    """
    with attached(connection, version):
        # The thousand comments come first, in one transaction: each would be a commit of its own, and each makes the
        # table's entry anew, which costs more once there are rows.
        connection.execute("begin")
        for schema in PUBLISHED_SCHEMAS:
            connection.execute(f"create schema publication.{schema}")
        for (schema, table), select in selects.items():
            connection.execute(f'create table publication.{schema}."{table}" as {select()} with no data')
        _comment(connection, descriptions)
        connection.execute("commit")
        connection.execute("begin")
        expected = {f"{name[0]}.{name[1]}": _fill(connection, *name, select()) for name, select in selects.items()}
        connection.execute("commit")
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
