"""A feed that is a query on a PostgreSQL database, fetched from its watermark on.

Belongs here: reaching the database, pushing the watermark down, remembering it. The rows then go the way of a file's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb
import sqlglot
from duckdb_extensions import import_extension
from sqlglot import exp

from dagster_project.ingestion.company_file import FeedSource
from dagster_project.ingestion.fault import FileFault
from dagster_project.ingestion.reading import identifier, literal, unique_names
from dagster_project.ingestion.temporary import drop_temporary
from dagster_project.settings import StellaError

_ATTACHED = "stella_source"


@dataclass(frozen=True)
class Fetched:
    """The rows fetched into `landing_all`: their columns, and the highest value of the watermark column among them."""

    columns: Mapping[str, str]
    watermark: str | None = None
    highest: str | None = None


def source_name(source: FeedSource) -> str:
    """Name a query as a file is named: by its connection's variable."""
    return f"query:{source.connection}"


def fetch(connection: duckdb.DuckDBPyConnection, source: FeedSource, feed: str) -> Fetched:
    """Fetch the rows of a feed's query at or beyond its watermark into `landing_all`.

    Rows at the watermark itself come again: others with the same value may have been written since. They are found
    unchanged. Rows without a value always come.

    Raises:
        StellaError: the query is not one select.
        FileFault: the variable is not set, or the database cannot be reached or refuses the query.
    """
    query = _one_select(source.query or "", feed)
    dsn = os.environ.get(source.connection or "")
    if not dsn:
        raise FileFault(f"the environment variable {source.connection} is not set; it names the database's connection")
    import_extension("postgres_scanner", con=connection)
    connection.execute("load postgres_scanner")
    connection.execute(f"detach database if exists {_ATTACHED}")
    try:
        connection.execute(f"attach {literal(dsn)} as {_ATTACHED} (type postgres, read_only)")
        return _fetch(connection, source, feed, query)
    except duckdb.Error as fault:
        raise FileFault(_without_secrets(fault, dsn, source.connection or "")) from None
    finally:
        connection.execute(f"detach database if exists {_ATTACHED}")


def _fetch(connection: duckdb.DuckDBPyConnection, source: FeedSource, feed: str, query: str) -> Fetched:
    column = source.watermark
    last = _last(connection, feed, column) if column else None
    if column and last is not None:
        name = identifier(column)
        query = f"select * from ({query}) as source where {name} >= {literal(last)} or {name} is null"
    remote = f"postgres_query({literal(_ATTACHED)}, {literal(query)})"
    kinds = connection.execute(f"describe select * from {remote}").fetchall()
    names = unique_names([name for name, *_ in kinds])
    if column and column.lower() not in (name.lower() for name in names):
        raise FileFault(f"the query gives no column {column!r}, which company.yml names as its watermark")
    listed = ", ".join(f"{identifier(kind[0])} as {identifier(name)}" for kind, name in zip(kinds, names, strict=True))
    drop_temporary(connection, "landing_all")
    connection.execute(
        f"create or replace temp table landing_all as select {listed}, {literal(source_name(source))} as _file, "
        f"row_number() over () as _line, cast(null as varchar) as _fault, cast(null as json) as _whole from {remote}"
    )
    columns = dict(zip(names, (kind for _, kind, *_ in kinds), strict=True))
    if not column:
        return Fetched(columns)
    row = connection.execute(f"select cast(max({identifier(column)}) as varchar) from landing_all").fetchone()
    highest = row[0] if row and row[0] is not None else last
    return Fetched(columns, column, highest)


def _one_select(query: str, feed: str) -> str:
    text = query.strip().rstrip(";").rstrip()
    try:
        parsed = [tree for tree in sqlglot.parse(text, dialect="postgres") if tree is not None]
    except sqlglot.errors.SqlglotError as fault:
        problem = fault.errors[0] if isinstance(fault, sqlglot.errors.ParseError) and fault.errors else {}
        raise StellaError(
            f"company.yml, feed {feed}: the query is not valid SQL, line {problem.get('line', 1)} of it: "
            f"{problem.get('description', 'it cannot be parsed')}"
        ) from None
    changes = (exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Drop, exp.Command)
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query) or parsed[0].find(*changes):
        raise StellaError(f"company.yml, feed {feed}: the query must be exactly one select.")
    return text


def _last(connection: duckdb.DuckDBPyConnection, feed: str, column: str | None) -> str | None:
    row = connection.execute(
        "select value from raw._watermark where feed = ? and column_name = ?", [feed, column]
    ).fetchone()
    return row[0] if row else None


def keep_watermark(connection: duckdb.DuckDBPyConnection, feed: str, fetched: Fetched, moment: datetime) -> None:
    """Remember how far a feed has been fetched."""
    if fetched.watermark is None or fetched.highest is None:
        return
    connection.execute("delete from raw._watermark where feed = ?", [feed])
    connection.execute(
        "insert into raw._watermark values (?, ?, ?, ?)", [feed, fetched.watermark, fetched.highest, moment]
    )


def _without_secrets(fault: duckdb.Error, dsn: str, variable: str) -> str:
    """Say why the database failed, with the connection and every word of it left out."""
    said = re.sub(r"\s+", " ", str(fault)).strip()
    secrets = {dsn, *re.findall(r"(?:password|passwd|pwd)\s*=\s*'?([^'\s]+)", dsn, re.IGNORECASE)}
    secrets |= set(re.findall(r"://[^:/@]*:([^@]+)@", dsn))
    for secret in sorted(secrets, key=len, reverse=True):
        said = said.replace(secret, "…")
    said = re.sub(r"\b\w+://\S+", "…", said)
    said = re.sub(r"(password|user|host|hostaddr)\s*=\s*\S+", r"\1=…", said, flags=re.IGNORECASE)
    return f"the database of {variable} cannot be read: {said[:300]}"
