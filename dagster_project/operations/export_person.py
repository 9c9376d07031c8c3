"""The verb `export-person`: a copy of all that is kept of a person, given and derived, with its meaning.

Belongs here: that file. It is meant for the person: columns come with their descriptions.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.database import tables
from dagster_project.operations import dbt
from dagster_project.operations.session import Session
from dagster_project.privacy.guard import refused_of
from dagster_project.privacy.subject import REACHED, find_subject
from dagster_project.privacy.tombstones import rows_of
from dagster_project.publishing.privacy import Description, describe
from dagster_project.settings import StellaError

DERIVED = ("warehouse", "scores", "marts", "decisions")


def export(session: Session, customer: str, to: Path) -> int:
    """Write what is kept of a person as JSON (mode 0600); returns the number of rows.

    `records` are the rows of the sources that name him, by feed, `refused` those that broke their contract; `derived`
    is what was made of them, by table, each with its description, where a model makes it, and those of its columns.

    Raises:
        StellaError: nobody, or more than one, is known by that, or the file is there already.
    """
    if to.exists():
        raise StellaError(f"{to} is there already. Name another file.")
    if not session.settings.database.is_file():
        raise StellaError("Nobody is known here yet: no run has been made. Run `stella run` first.")
    descriptions = describe(dbt.manifest_json(session.settings))
    feeds = {feed: (c.purpose, {column.name: column.description for column in c.columns})
             for feed, c in session.contracts.items()}  # fmt: skip
    with session.connection() as connection:
        subject = find_subject(connection, customer)
        records = {
            feed: _table(*feeds[feed], rows)
            for feed, rows in rows_of(connection, session.feed_classes, subject.identifiers).items()
        }
        refused = {
            feed: _table(feeds[feed][0], {}, rows)
            for feed, rows in refused_of(connection, session.feed_classes, subject.identifiers).items()
        }
        derived = derived_of(connection, subject.customer_id, descriptions)
    said = {
        "customer_id": subject.customer_id,
        "identifiers": sorted([i.kind, i.scope, i.value] for i in subject.identifiers),
        "shared_with_others": sorted([i.kind, i.scope, i.value] for i in subject.shared),
        "records": records,
        "refused": refused,
        "derived": derived,
    }
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(said, out, indent=2, default=str, ensure_ascii=False)
    return sum(len(table["rows"]) for part in (records, refused, derived) for table in part.values())


def derived_of(
    connection: duckdb.DuckDBPyConnection, customer_id: int, descriptions: Mapping[tuple[str, str], Description]
) -> dict[str, dict[str, Any]]:
    """Read what every finished table says of a customer, by `schema.table`; those that say nothing are left out."""
    named = connection.execute(
        "select table_schema, table_name from information_schema.columns where table_catalog = current_database() "
        "and column_name = 'customer_id' and table_schema in (select unnest(?)) order by all",
        [list(DERIVED)],
    ).fetchall()
    naming = {f"{schema}.{table}": "customer_id = $1" for schema, table in named}
    found = {}
    for relation, condition in sorted({**REACHED, **naming}.items()):
        schema, table = relation.split(".")
        rows = _rows(connection, schema, table, condition, customer_id)
        if rows:
            said = descriptions.get((schema, table), Description())
            meanings = {**_comments(connection, schema, table), **said.columns}
            found[relation] = _table(said.text, meanings, rows)
    return found


def _comments(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    """Read what the columns of a table that no model makes mean."""
    rows = connection.execute(
        "select column_name, comment from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and table_name = ? and comment is not null",
        [schema, table],
    ).fetchall()
    return dict(rows)


def _rows(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, condition: str, customer_id: int
) -> list[dict[str, Any]]:
    if table not in tables(connection, schema):
        return []
    result = connection.execute(f'select * from {schema}."{table}" where {condition} order by all', [customer_id])
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _table(text: str, columns: Mapping[str, str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    there = rows[0] if rows else {}
    return {"description": text, "columns": {c: said for c, said in columns.items() if c in there}, "rows": rows}
