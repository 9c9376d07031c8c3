"""The memory of the hand-kept lists: what each list of schema `reference` held, and from when to when a run read that.

Belongs here: the table `raw._list`, and putting a list back as it was. Does not belong here: loading the lists (dbt).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import duckdb

from dagster_project.database import next_moment, tables

MEMORY = "raw._list"
_TABLE = f"""
create table if not exists {MEMORY} (
    list_name text not null, content json not null, believed_from timestamptz not null, believed_to timestamptz
)
"""


def remember_lists(connection: duckdb.DuckDBPyConnection) -> int:
    """Keep the content of every list that is not as it was remembered; returns how many there were."""
    connection.execute(_TABLE)
    known = dict(
        connection.execute(
            f"select list_name, cast(content as text) from {MEMORY} where believed_to is null"
        ).fetchall()
    )
    now = {name: _content(connection, name) for name in tables(connection, "reference")}
    news = {name: content for name, content in now.items() if content != known.get(name)}
    if news:
        _write(connection, news)
    return len(news)


def _content(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    row = connection.execute(
        f"""select cast(coalesce(to_json(list(entry order by entry)), '[]') as text)
        from (select to_json(listed) as entry from reference."{name}" as listed)"""
    ).fetchone()
    return str(row[0]) if row else "[]"


def _write(connection: duckdb.DuckDBPyConnection, news: Mapping[str, str]) -> None:
    moment = next_moment(connection, MEMORY, "believed_from")
    connection.execute("begin")
    try:
        for name, content in news.items():
            connection.execute(
                f"update {MEMORY} set believed_to = ? where list_name = ? and believed_to is null", [moment, name]
            )
            connection.execute(f"insert into {MEMORY} values (?, ?, ?, null)", [name, content, moment])
        connection.execute("commit")
    except Exception:
        connection.execute("rollback")
        raise


def restore_lists(connection: duckdb.DuckDBPyConnection, origin: str, known_at: datetime) -> None:
    """Make schema `reference` as the lists of the attached warehouse `origin` were at a moment.

    A list that was first read after the moment is taken as it was first read; one that no run has remembered, as it is.
    """
    remembered = _remembered(connection, origin, known_at)
    for name in _lists(connection, origin):
        where = "" if name not in remembered else " where false"
        connection.execute(
            f'create or replace table reference."{name}" as select * from {origin}.reference."{name}"{where}'
        )
        if name in remembered:
            # A column that the list did not have then is null.
            connection.execute(
                f'insert into reference."{name}" select unnest(from_json(cast(? as json), ?), recursive := true)',
                [remembered[name], _shape(connection, name)],
            )


def _remembered(connection: duckdb.DuckDBPyConnection, origin: str, known_at: datetime) -> dict[str, str]:
    catalogued = connection.execute(
        "select 1 from duckdb_tables() where database_name = ? and schema_name = 'raw' and table_name = '_list'",
        [origin],
    ).fetchone()
    if not catalogued:
        return {}
    rows = connection.execute(
        f"""select list_name, cast(content as text) from {origin}.{MEMORY}
        qualify row_number() over (
            partition by list_name
            order by believed_from > $moment,
                case when believed_from <= $moment then epoch_us($moment) - epoch_us(believed_from) end,
                believed_from
        ) = 1""",
        {"moment": known_at},
    ).fetchall()
    return dict(rows)


def _lists(connection: duckdb.DuckDBPyConnection, origin: str) -> list[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? and schema_name = 'reference' order by 1",
        [origin],
    ).fetchall()
    return [str(name) for (name,) in rows]


def _shape(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    columns = connection.execute(
        """select column_name, data_type from duckdb_columns()
        where database_name = current_database() and schema_name = 'reference' and table_name = ?
        order by column_index""",
        [name],
    ).fetchall()
    return json.dumps([dict(columns)])
