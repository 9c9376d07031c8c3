"""From links between two records to groups of records that are one customer.

Belongs here: following chains, and refusing a chain that joins two records which contradict each other. Does not
belong here: where links come from (`rules.py`).
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dagster_project.identity.rules import contradiction

MAX_COMPONENT = 50
"""A chain of more records than this is taken for an accident of shared identifiers."""


def assign_components(connection: duckdb.DuckDBPyConnection, records: int) -> int:
    """Write the temporary table `identity_component` (node_id, founder_node) ; return how many were contested.

    A component is contested if two of its records contradict each other, or if it has more than `MAX_COMPONENT`
    records. It falls back to its strict links; what is contested even then falls apart into single records.
    """
    connection.execute("create or replace temp table identity_kept_edge as select * from identity_edge")
    _write(connection, _founders(connection, records))
    contested = _list_contested(connection)
    if contested:
        _refine(connection, records, "is_strict")
        if _list_contested(connection):
            _refine(connection, records, "rule = 'ref_without_system'")
    for table in ("identity_contested", "identity_kept_edge"):
        connection.execute(f"drop table {table}")
    return contested


def _refine(connection: duckdb.DuckDBPyConnection, records: int, kept: str) -> None:
    """Resolve the contested components anew with the links that satisfy `kept`; leave the others."""
    connection.execute(f"""
        delete from identity_kept_edge
        where not ({kept}) and left_node in (
            select component.node_id
            from identity_component as component
            inner join identity_contested as contested on component.founder_node = contested.founder_node
        )""")
    _write(connection, _founders(connection, records))


def _founders(connection: duckdb.DuckDBPyConnection, records: int) -> np.ndarray:
    """Give each node the lowest node of its component."""
    found = connection.execute("select left_node, right_node from identity_kept_edge").fetchnumpy()
    left, right = (np.asarray(found[side], dtype=np.int64) for side in ("left_node", "right_node"))
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(records, records))
    count, label = connected_components(graph, directed=False)
    founder = np.full(count, records, dtype=np.int64)
    np.minimum.at(founder, label, np.arange(records))
    return np.asarray(founder[label])


def _write(connection: duckdb.DuckDBPyConnection, founders: np.ndarray) -> None:
    table = pa.table({"node_id": np.arange(len(founders), dtype=np.int64), "founder_node": founders})
    connection.register("identity_founder", table)
    connection.execute("create or replace temp table identity_component as select * from identity_founder")
    connection.unregister("identity_founder")


def _list_contested(connection: duckdb.DuckDBPyConnection) -> int:
    connection.execute(f"""
        create or replace temp table identity_contested as
        with component as (
            select founder_node, count(*) as record_count from identity_component group by 1 having count(*) > 2
        ),
        member as (
            select component.founder_node, identity_record.*
            from component
            inner join identity_component on component.founder_node = identity_component.founder_node
            inner join identity_record on identity_component.node_id = identity_record.node_id
            where component.record_count <= {MAX_COMPONENT}
        )
        select distinct l.founder_node
        from member as l
        inner join member as r on l.founder_node = r.founder_node and l.node_id < r.node_id
        where {contradiction("l", "r")}
        union all
        select founder_node from component where record_count > {MAX_COMPONENT}""")
    row = connection.execute("select count(*) from identity_contested").fetchone()
    return int(row[0]) if row else 0
