"""Temporary relations of a load: their names, and dropping them.

Belongs here: only that. DuckDB refuses to drop a table as a view, so the kind is asked for first.
"""

from __future__ import annotations

import duckdb

NAMES = (
    "landing_all", "landing", "mapped_rows", "incoming", "checked", "notable", "before", "news", "repeated",
    "loaded_again", "refused", "standing",
)  # fmt: skip


def drop_temporary(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Drop temporary relations, whatever they are; all of a load's if none is named."""
    there = connection.execute(
        "select view_name, 'view' from duckdb_views() where temporary and not internal union all "
        "select table_name, 'table' from duckdb_tables() where temporary"
    ).fetchall()
    for name, kind in there:
        if name in (names or NAMES):
            connection.execute(f"drop {kind} if exists temp.{name}")
