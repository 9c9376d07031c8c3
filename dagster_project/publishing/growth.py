"""Whether a version may grow out of the former one, and what must be remembered for the next to do so.

It may where the former version was made in the same way (columns, descriptions, key of the pseudonyms), and shows no
text that is masked in another way now: what is exchanged leaves its bytes in the file until they are overwritten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from dagster_project import clock
from dagster_project.database import tables
from dagster_project.privacy.key import PseudonymKey, key_name
from dagster_project.privacy.masking import MASKED, Column
from dagster_project.publishing.copying import attached
from dagster_project.publishing.exchanging import WRITTEN
from dagster_project.publishing.privacy import Description

MASKS = "masked_text__published"
"""Table of `staging`: the texts that the last version masked, and how."""
MOST_GROWN = 30
"""Versions that grow out of one another before a fresh file is made: rows taken out leave gaps."""


def basis_of(
    types: Mapping[tuple[str, str], Mapping[str, str]],
    descriptions: Mapping[tuple[str, str], Description],
    key: PseudonymKey | None,
) -> str:
    """Give the hash of what a version depends on besides the rows: tables, columns, descriptions, the key's name."""
    said = [_said(name, types[name], descriptions.get(name, Description())) for name in sorted(types)]
    return hashlib.sha256(json.dumps([key_name(key.current) if key else "", said]).encode()).hexdigest()


def _said(name: tuple[str, str], types: Mapping[str, str], description: Description) -> list[object]:
    hidden = description.withheld_columns, description.pseudonym_columns, description.masked_columns
    texts = [description.text, sorted(description.columns.items())]
    return [name, list(types.items()), texts, [sorted(columns) for columns in hidden]]


def generation(connection: duckdb.DuckDBPyConnection, former: Path, basis: str, texts: Sequence[Column]) -> int:
    """Tell the how manyeth version in a row would grow out of a fresh one; 0 where it must be fresh itself.

    A former version that cannot be read is no reason to fail: the next one does without it.

    Args:
        connection: the open warehouse, its texts masked.
        former: the last version.
        basis: of the version to be made; see `basis_of`.
        texts: the columns whose texts are masked.
    """
    try:
        with attached(connection, former, "(read_only)"):
            return _generation(connection, basis, texts)
    except duckdb.Error:
        return 0


def _generation(connection: duckdb.DuckDBPyConnection, basis: str, texts: Sequence[Column]) -> int:
    changed = (
        f"select coalesce(former.masked, value) as text from staging.{MASKS} as former"
        f" full join {MASKED} as fresh using (value) where former.masked is distinct from fresh.masked"
    )
    if "generation" not in _columns(connection):
        return 0
    was = connection.execute("select basis, generation from publication.main.publication").fetchone()
    if was is None or was[0] != basis or was[1] >= MOST_GROWN:
        return 0
    if texts and (MASKS not in tables(connection, "staging") or _shows(connection, texts, changed)):
        return 0
    return int(was[1]) + 1


def _columns(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = 'publication' and table_name = 'publication'"
    )
    return {name for (name,) in rows.fetchall()}


def _shows(connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], texts: str) -> bool:
    """Whether the version shows one of the texts of a query."""
    return any(
        connection.execute(
            f'select 1 from publication.{schema}."{table}" where "{column}" in (select text from ({texts})) limit 1'
        ).fetchall()
        for schema, table, column in columns
    )


def note_version(
    connection: duckdb.DuckDBPyConnection, version: Path, as_of: date, basis: str = "", number: int = 0
) -> None:
    """Write into a version what it is: the day, the moment, its basis, and how many it grew out of."""
    with attached(connection, version):
        connection.execute(
            "create or replace table publication.main.publication as select ?::date as as_of_date,"
            " ?::timestamptz as published_at, ? as basis, ?::integer as generation",
            [as_of, clock.now(), basis, number],
        )


def forget_version(connection: duckdb.DuckDBPyConnection) -> None:
    """Let nothing grow until a version has been published: from here on what is remembered may be of no version."""
    connection.execute(f"drop table if exists staging.{MASKS}")


def remember_version(connection: duckdb.DuckDBPyConnection, texts: Sequence[Column]) -> None:
    """Keep how texts were masked; the keys of the rows written are of use no more."""
    for table in tables(connection, "staging"):
        if table.endswith(WRITTEN):
            connection.execute(f'drop table staging."{table}"')
    if texts:
        connection.execute(f"create or replace table staging.{MASKS} as from {MASKED}")
