"""One person taken out of the warehouse's tables: what tombstones take out, and what only his texts tell.

What every run builds anew is dropped, so that no copy is left, and so is what matching remembers of records; ledgers,
scores and decisions lose his rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from dagster_project.database import tables
from dagster_project.identity.memory import forget_records
from dagster_project.privacy import traces
from dagster_project.privacy.guard import Guard
from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.subject import REACHED, Subject
from dagster_project.privacy.tombstones import FeedClasses, keep_out

BUILT_ANEW = ("marts", "warehouse", "staging")
LASTING = ("intermediate", "scores", "decisions", "quarantine", "raw")


def forget_in_tables(
    connection: duckdb.DuckDBPyConnection, subject: Subject, feeds: Sequence[FeedClasses], key: PseudonymKey
) -> dict[str, int]:
    """Remove or blank a person in every table; returns the rows by table, without those dropped to be built anew.

    His tombstones are set already.
    """
    forget_records(connection)
    _forget_reached(connection, subject.customer_id)
    _drop_built(connection)
    personal = {feed.name: feed.personal | {"_extra"} for feed in feeds}
    taken = {f"raw.{feed}": rows for feed, rows in keep_out(connection, feeds, key).items()}
    for feed in feeds:
        refused = f"quarantine.{feed.name}"
        rows = Guard(feed, key).blank_refused(connection, refused)
        if rows:
            taken[refused] = rows
    for schema, table, columns in _tables(connection):
        relation = f'{schema}."{table}"'
        rows = 0
        if "customer_id" in columns and schema not in {"raw", "quarantine"}:
            done = connection.execute(f"delete from {relation} where customer_id = ?", [subject.customer_id]).fetchone()
            rows += int(done[0]) if done else 0
        texts = {c for c, kind in columns.items() if kind in {"VARCHAR", "JSON"}}
        if schema == "raw":
            texts &= personal.get(table, frozenset())
        rows += _blank(connection, schema, relation, sorted(texts), subject)
        if rows:
            taken[f"{schema}.{table}"] = taken.get(f"{schema}.{table}", 0) + rows
    return taken


def _blank(
    connection: duckdb.DuckDBPyConnection, schema: str, relation: str, columns: list[str], subject: Subject
) -> int:
    if not subject.traces:
        return 0
    rows = 0
    named = traces.sql_pattern(subject.traces)
    whole = traces.sql_pattern([*subject.traces, *subject.attributes])
    for column in columns:
        # A refused row is whole in one column: what names him takes the rest of what is said of him along.
        pattern = whole if schema == "quarantine" and column == "_raw" else named
        rows += traces.blank_in_table(connection, relation, column, named, pattern)
    return rows


def _forget_reached(connection: duckdb.DuckDBPyConnection, customer_id: int) -> None:
    """Remove his rows of lasting tables that do not have his number, while that which leads to them is there."""
    for relation, condition in REACHED.items():
        schema, table = relation.split(".")
        if schema in LASTING and table in tables(connection, schema):
            connection.execute(f"delete from {relation} where {condition}", [customer_id])


def _drop_built(connection: duckdb.DuckDBPyConnection) -> None:
    views = connection.execute(
        "select schema_name, view_name from duckdb_views() where not internal and database_name = current_database()"
    ).fetchall()
    for schema, view in views:
        if schema in {*BUILT_ANEW, *LASTING}:
            connection.execute(f'drop view if exists {schema}."{view}"')
    for schema in BUILT_ANEW:
        connection.execute(f"drop schema if exists {schema} cascade")
        connection.execute(f"create schema {schema}")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, dict[str, str]]]:
    rows = connection.execute(
        "select schema_name, table_name, c.column_name, c.data_type from duckdb_columns() as c "
        "inner join duckdb_tables() as t using (database_name, schema_name, table_name) "
        "where c.database_name = current_database() order by 1, 2, c.column_index"
    ).fetchall()
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in rows:
        if schema in LASTING:
            found.setdefault((schema, table), {})[column] = kind
    return [(schema, table, columns) for (schema, table), columns in found.items()]
