"""A person's traces in the tables of a database: found, and blanked.

Belongs here: tables, by what their texts say. Files are in `trace_files.py`; rows of `raw` that name a person are the
affair of `tombstones.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import duckdb

from dagster_project.privacy.tombstones import ERASED


def find_in_tables(connection: duckdb.DuckDBPyConnection, sought: list[str]) -> list[str]:
    """Name the tables' columns that hold one of the texts; what is compressed in the file is plain here."""
    return list(_matching(connection, sql_pattern(sought)))


def is_within_a_value(connection: duckdb.DuckDBPyConnection, text: str) -> bool:
    """Whether a value of a table holds the text, be it within a longer word."""
    return next(_matching(connection, f"(?i){re.escape(text)}"), None) is not None


def _matching(connection: duckdb.DuckDBPyConnection, pattern: str) -> Iterator[str]:
    columns = connection.execute(
        "select c.schema_name, c.table_name, c.column_name from duckdb_columns() as c "
        "inner join duckdb_tables() as t using (database_name, schema_name, table_name) "
        "where c.database_name = current_database() and (c.data_type like '%VARCHAR%' or c.data_type = 'JSON') "
        "order by all"
    ).fetchall()
    for schema, table, column in columns:
        named = f'regexp_matches(cast("{column}" as varchar), ?)'
        if connection.execute(f'select 1 from {schema}."{table}" where {named} limit 1', [pattern]).fetchone():
            yield f"{schema}.{table}.{column}"


def blank_in_table(connection: duckdb.DuckDBPyConnection, relation: str, column: str, named: str, blanked: str) -> int:
    """Put `erased` in the place of every match of `blanked`, in rows that match `named`; returns the rows."""
    text = f"regexp_replace(cast(\"{column}\" as varchar), $2, '{ERASED}', 'g')"
    done = connection.execute(
        f'update {relation} set "{column}" = {text} where regexp_matches(cast("{column}" as varchar), $1)',
        [named, blanked],
    ).fetchone()
    return int(done[0]) if done else 0


def sql_pattern(texts: Iterable[str]) -> str:
    """Write the pattern that finds the texts, as words and in any case, in DuckDB."""
    bounded = (
        (r"\b" if text[0].isalnum() else "") + re.escape(text) + (r"\b" if text[-1].isalnum() else "")
        for text in texts
        if text
    )
    return f"(?i)(?:{'|'.join(bounded)})"
