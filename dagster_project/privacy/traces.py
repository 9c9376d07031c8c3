"""A person's traces in files: taken out of texts and Parquet files, and searched for in every file byte for byte.

Belongs here: files. The tables of the warehouse are the affair of `tombstones.py`.
"""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.privacy.tombstones import ERASED

DATABASES = {".duckdb", ".db", ".wal"}
_BOUND = rb"(?<![0-9A-Za-z])(?:%s)(?![0-9A-Za-z])"


def files_below(folders: Iterable[Path]) -> Iterator[Path]:
    """Name every regular file once, in a fixed order; links are not followed."""
    for folder in folders:
        yield from sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def clean(path: Path, traces: list[str], attributes: Iterable[str], drops_lines: bool) -> bool:
    """Take a person out of a file, whole or not at all; returns whether he was in it.

    A line that names him loses his attributes too; with `drops_lines` it goes altogether where it is a whole record.
    """
    if path.suffix in DATABASES or not traces:
        return False
    if path.suffix == ".parquet":
        return _clean_parquet(path, traces, list(attributes), drops_lines)
    kind, text = _unpacked(path)
    named = _pattern(traces)
    if not named.search(text):
        return False
    also = _pattern([*traces, *attributes])
    lines = text.splitlines(keepends=True)
    _replace(path, _packed(kind, b"".join(_without(line, named, also, drops_lines) for line in lines)))
    return True


def find(path: Path, traces: list[str]) -> bool:
    """Whether a file, or what is packed in it, holds one of the texts, byte for byte."""
    if not traces:
        return False
    named = _pattern(traces)
    if named.search(path.read_bytes()):
        return True
    if path.suffix == ".parquet":
        with duckdb.connect() as connection:
            return bool(connection.execute(f"select 1 {_named_rows(connection, path, traces)} limit 1").fetchone())
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            return find_in_tables(connection, traces) != []
    return named.search(_unpacked(path)[1]) is not None


def find_in_tables(connection: duckdb.DuckDBPyConnection, traces: list[str]) -> list[str]:
    """Name the tables' columns that hold one of the texts; what is compressed in the file is plain here."""
    columns = connection.execute(
        "select c.schema_name, c.table_name, c.column_name from duckdb_columns() as c "
        "inner join duckdb_tables() as t using (database_name, schema_name, table_name) "
        "where c.database_name = current_database() and (c.data_type like '%VARCHAR%' or c.data_type = 'JSON') "
        "order by all"
    ).fetchall()
    found = []
    for schema, table, column in columns:
        named = f'regexp_matches(cast("{column}" as varchar), ?)'
        query = f'select 1 from {schema}."{table}" where {named} limit 1'
        if connection.execute(query, [sql_pattern(traces)]).fetchone():
            found.append(f"{schema}.{table}.{column}")
    return found


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


def _pattern(texts: Iterable[str]) -> re.Pattern[bytes]:
    encoded = sorted({re.escape(form) for text in texts if text for form in _forms(text)}, key=len, reverse=True)
    return re.compile(_BOUND % b"|".join(encoded), re.IGNORECASE)


def _forms(text: str) -> set[bytes]:
    return {text.encode(), text.encode("latin-1", "ignore")}


def _without(line: bytes, named: re.Pattern[bytes], also: re.Pattern[bytes], drops_lines: bool) -> bytes:
    if not named.search(line):
        return line
    if drops_lines and line.count(b'"') % 2 == 0:
        return b""
    return also.sub(ERASED.encode(), line)


def _unpacked(path: Path) -> tuple[str, bytes]:
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        return "gzip", gzip.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            return "zstd", stream.read()
    return "", data


def _packed(kind: str, text: bytes) -> bytes:
    if kind == "gzip":
        return gzip.compress(text, mtime=0)
    return bytes(pa.compress(text, codec="zstd", asbytes=True)) if kind == "zstd" else text


def _clean_parquet(path: Path, traces: list[str], attributes: list[str], drops_lines: bool) -> bool:
    with duckdb.connect() as connection:
        named = _named_rows(connection, path, traces)
        if not connection.execute(f"select 1 {named} limit 1").fetchone():
            return False
        texts = _text_columns(connection, path)
        wanted = _literal(sql_pattern([*traces, *attributes]))
        blanked = ", ".join(f"regexp_replace(\"{c}\", {wanted}, '{ERASED}', 'g') as \"{c}\"" for c in texts)
        rest = f"select * from {_scan(path)} where not ({named.split(' where ', 1)[1]})"
        query = rest if drops_lines else f"{rest} union all by name select * replace ({blanked}) {named}"
        part = path.with_name(f".{path.name}.{os.getpid()}")
        connection.execute(f"copy ({query}) to {_literal(str(part))} (format parquet, compression zstd)")
    part.chmod(path.stat().st_mode & 0o777)
    part.replace(path)
    return True


def _named_rows(connection: duckdb.DuckDBPyConnection, path: Path, traces: list[str]) -> str:
    wanted = _literal(sql_pattern(traces))
    tests = [f'coalesce(regexp_matches("{c}", {wanted}), false)' for c in _text_columns(connection, path)]
    return f"from {_scan(path)} where {' or '.join(tests) or 'false'}"


def _text_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    described = connection.execute(f"describe select * from {_scan(path)}").fetchall()
    return [row[0] for row in described if row[1] == "VARCHAR"]


def _scan(path: Path) -> str:
    return f"read_parquet({_literal(str(path))})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.chmod(path.stat().st_mode & 0o777)
    part.replace(path)
