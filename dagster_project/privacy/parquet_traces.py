"""A person's traces in Parquet files, row by row.

Belongs here: Parquet. Other files are in `trace_files.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from dagster_project.privacy.tombstones import ERASED
from dagster_project.privacy.traces import sql_pattern

_NEVER = ("DOUBLE", "FLOAT", "BOOLEAN", "DATE", "TIME", "DECIMAL", "INTERVAL", "TINYINT", "SMALLINT")
"""Types whose values are no identifiers, by how they begin."""


def is_named(path: Path, sought: list[str]) -> bool:
    """Whether a value of the file holds one of the texts; a file that is no Parquet file has none."""
    with duckdb.connect() as connection:
        try:
            return bool(connection.execute(f"select 1 {_named_rows(connection, path, sought)} limit 1").fetchone())
        except duckdb.Error:
            return False


def clean(path: Path, sought: list[str], also: list[str], drops_rows: bool) -> None:
    """Take the rows that hold one of `sought` out of the file, or of those rows everything that matches `also`.

    Raises:
        duckdb.Error: the file cannot be read to its end.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with duckdb.connect() as connection:
        named = _named_rows(connection, path, sought)
        wanted = _literal(sql_pattern(also))
        rest = f"select * from {_scan(path)} where not ({named.split(' where ', 1)[1]})"
        blanked = ", ".join(_blanked(name, kind, wanted) for name, kind in _columns(connection, path).items())
        query = rest if drops_rows else f"{rest} union all by name select * replace ({blanked}) {named}"
        try:
            connection.execute(f"copy ({query}) to {_literal(str(part))} (format parquet, compression zstd)")
            part.chmod(path.stat().st_mode & 0o777)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _blanked(name: str, kind: str, wanted: str) -> str:
    column = _quoted(name)
    if kind == "VARCHAR":
        return f"regexp_replace({column}, {wanted}, '{ERASED}', 'g') as {column}"
    return f"case when not regexp_matches(cast({column} as varchar), {wanted}) then {column} end as {column}"


def _named_rows(connection: duckdb.DuckDBPyConnection, path: Path, sought: list[str]) -> str:
    wanted = _literal(sql_pattern(sought))
    tests = [
        f"coalesce(regexp_matches(cast({_quoted(c)} as varchar), {wanted}), false)" for c in _columns(connection, path)
    ]
    return f"from {_scan(path)} where {' or '.join(tests) or 'false'}"


def _columns(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    described = connection.execute(f"describe select * from {_scan(path)}").fetchall()
    return {row[0]: row[1] for row in described if not row[1].startswith(_NEVER) or row[1].endswith("]")}


def _scan(path: Path) -> str:
    return f"read_parquet({_literal(str(path))})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
