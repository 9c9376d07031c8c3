"""From links between two records to groups of records that are one customer: the resolution policy.

Belongs here: following chains, refusing those that join what must not be joined, and writing down what a person
should look at. Does not belong here: where links come from (`rules.py`, `matching.py`, `stewardship.py`).

The policy, in this order: a steward's decision outranks everything; records that contradict each other are never
joined, however strong the chain; a group of more than `MAX_COMPONENT` records is not made; two groups of several
records are not joined by one weak link alone. What is refused for one of these reasons goes to review.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dagster_project.identity.judgement import JUDGEMENT, contradiction, judge, strong_contradiction

MAX_COMPONENT = 50
"""A chain of more records than this is taken for an accident of shared identifiers."""
WEAK_LINK = 0.99
"""A link less probable than this does not hold two groups of several records together by itself."""
AGAINST = 3.0
"""Log2 odds (8 to 1) that the model must reach for two records that contradict each other to be one all the same."""


def assign_components(
    connection: duckdb.DuckDBPyConnection, records: int, unreliable: Mapping[str, Set[str]] | None = None
) -> int:
    """Write the temporary tables `identity_component` and `identity_refused`; return how many groups were contested.

    `identity_component`: node_id, founder_node (the lowest node of the group). `identity_refused`: left_node,
    right_node, probability, reason.

    Args:
        connection: with `identity_record`, `identity_edge`, `identity_weight` and `identity_verdict`.
        records: number of records.
        unreliable: by kind of party, the columns that differ too often within one customer to contradict anything.
    """
    connection.execute(
        "create or replace temp table identity_refused "
        "(left_node bigint, right_node bigint, probability double, reason text)"
    )
    _write(connection, _founders(connection, records))
    contested = _list_contested(connection, unreliable or {})
    if contested:
        _rebuild(connection)
    return contested


def _founders(connection: duckdb.DuckDBPyConnection, records: int) -> np.ndarray:
    """Give each node the lowest node of its component."""
    found = connection.execute("select left_node, right_node from identity_edge").fetchnumpy()
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


def _list_contested(connection: duckdb.DuckDBPyConnection, unreliable: Mapping[str, Set[str]]) -> int:
    """Write `identity_apart`, the pairs of a component that must not be one, and count the components concerned.

    A component too large to be compared pair by pair is contested as it is; so is one that hangs on a weak link.
    """
    columns = {column for party in unreliable.values() for column in party}
    connection.execute(f"""
        create or replace temp table identity_paired as
        with component as (
            select founder_node from identity_component group by 1 having count(*) between 2 and {4 * MAX_COMPONENT}
        ),
        member as (
            select component.founder_node, record.node_id, record.said
            from component
            inner join identity_component on component.founder_node = identity_component.founder_node
            inner join identity_record as record on identity_component.node_id = record.node_id
        )
        select l.founder_node, l.node_id as left_node, r.node_id as right_node,
            case when l.said < r.said then l.said else r.said end as said_one,
            case when l.said < r.said then r.said else l.said end as said_other
        from member as l
        inner join member as r on l.founder_node = r.founder_node and l.node_id < r.node_id""")
    judge(connection, "identity_paired")
    weight = "coalesce(weighed.weight, -99)"
    against = f"({weight} < {AGAINST} or {strong_contradiction('says', columns)})" if unreliable else "true"
    connection.execute(f"""
        create or replace temp table identity_apart as
        select paired.founder_node, paired.left_node, paired.right_node, verdict.is_same is not null as is_decided
        from (
            select paired.founder_node, paired.left_node, paired.right_node, coalesce(judgement.says, 0) as says
            from identity_paired as paired
            left join {JUDGEMENT} as judgement
                on paired.said_one = judgement.said_one and paired.said_other = judgement.said_other
        ) as paired
        left join identity_weight as weighed
            on paired.left_node = weighed.left_node and paired.right_node = weighed.right_node
        left join identity_verdict as verdict
            on paired.left_node = verdict.left_node and paired.right_node = verdict.right_node
        where not coalesce(verdict.is_same, false)
            and (coalesce(not verdict.is_same, false) or ({contradiction("says", columns)} and {against}))""")
    connection.execute("drop table identity_paired")
    connection.execute(f"""
        create or replace temp table identity_contested as
        select founder_node from identity_apart
        union
        select founder_node from identity_component group by 1 having count(*) > {MAX_COMPONENT}
        union
        select component.founder_node
        from identity_edge as edge
        inner join identity_component as component on edge.left_node = component.node_id
        where edge.probability < {WEAK_LINK}""")
    row = connection.execute("select count(*) from identity_contested").fetchone()
    return int(row[0]) if row else 0


@dataclass
class _Groups:
    """Groups of records that grow by joining, each with the records that it must not take in."""

    members: dict[int, list[int]]
    group: dict[int, int]
    apart: dict[int, set[int]]

    def join(self, left: int, right: int) -> str:
        """Join the groups of two records, or say why not."""
        one, two = self.group[left], self.group[right]
        if one == two:
            return ""
        if len(self.members[one]) < len(self.members[two]):
            one, two = two, one
        if any(self.group.get(other) == one for node in self.members[two] for other in self.apart.get(node, ())):
            return "contradiction"
        if len(self.members[one]) + len(self.members[two]) > MAX_COMPONENT:
            return "too many records"
        for node in self.members[two]:
            self.group[node] = one
        self.members[one] += self.members.pop(two)
        return ""

    def is_held_weakly(self, left: int, right: int, links: dict[tuple[int, int], int]) -> bool:
        """Tell whether one weak link alone would join two groups of several records."""
        one, two = self.group[left], self.group[right]
        several = min(len(self.members[one]), len(self.members[two])) > 1
        return one != two and several and links.get((min(one, two), max(one, two)), 0) < 2


def _rebuild(connection: duckdb.DuckDBPyConnection) -> None:
    """Build the contested components anew, link by link from the strongest, refusing what the policy forbids.

    Only the few contested components pass through here, so a loop in Python is fast enough: the order of joining
    is what matters, and no set operation has one.
    """
    inside = "select node_id from identity_component semi join identity_contested using (founder_node)"
    edges = connection.execute(f"""
        select left_node, right_node, max(coalesce(is_same, false)) as is_same, bool_or(is_strict) as is_strict,
            max(probability) as probability, max(coalesce(weight, 40)) as weight, count(distinct rule) as rules
        from identity_edge
        left join identity_weight using (left_node, right_node)
        left join identity_verdict using (left_node, right_node)
        where left_node in ({inside})
        group by 1, 2
        order by is_same desc, is_strict desc, weight desc, probability desc, left_node, right_node""").fetchall()
    nodes = [int(node) for (node,) in connection.execute(inside).fetchall()]
    groups = _Groups({node: [node] for node in nodes}, {node: node for node in nodes}, _apart(connection))
    refused = [
        (left, right, probability, reason)
        for left, right, is_same, _, probability, _, _ in edges
        if (is_same or probability >= WEAK_LINK) and (reason := groups.join(left, right))
    ]
    weak = [edge for edge in edges if not edge[2] and edge[4] < WEAK_LINK]
    refused += _join_weakly(groups, weak)
    _store(connection, groups, refused)


def _apart(connection: duckdb.DuckDBPyConnection) -> dict[int, set[int]]:
    """Give the records that each must not be joined with.

    Where a steward has called two records the same, what contradicts only one of them contradicts neither: he knew.
    """
    same: dict[int, set[int]] = {}
    for left, right in connection.execute(
        "select left_node, right_node from identity_verdict where is_same"
    ).fetchall():
        same.setdefault(left, set()).add(right)
        same.setdefault(right, set()).add(left)
    pairs = connection.execute("select left_node, right_node, is_decided from identity_apart").fetchall()
    said: dict[int, set[int]] = {}
    for left, right, _ in pairs:
        said.setdefault(left, set()).add(right)
        said.setdefault(right, set()).add(left)
    apart: dict[int, set[int]] = {}
    for left, right, is_decided in pairs:
        if is_decided or (same.get(left, set()) <= said[right] and same.get(right, set()) <= said[left]):
            apart.setdefault(left, set()).add(right)
            apart.setdefault(right, set()).add(left)
    return apart


def _join_weakly(groups: _Groups, weak: list[tuple[object, ...]]) -> list[tuple[int, int, float, str]]:
    links: dict[tuple[int, int], int] = {}
    for left, right, *_ in weak:
        one, two = groups.group[left], groups.group[right]  # type: ignore[index]
        links[min(one, two), max(one, two)] = links.get((min(one, two), max(one, two)), 0) + 1
    refused = []
    for left, right, _, _, probability, *_ in weak:
        alone = groups.is_held_weakly(left, right, links)  # type: ignore[arg-type]
        reason = "one weak link" if alone else groups.join(left, right)  # type: ignore[arg-type]
        if reason:
            refused.append((left, right, probability, reason))
    return refused  # type: ignore[return-value]


def _store(connection: duckdb.DuckDBPyConnection, groups: _Groups, refused: list[tuple[int, int, float, str]]) -> None:
    founder = {group: min(members) for group, members in groups.members.items()}
    table = pa.table({
        "node_id": pa.array(list(groups.group), pa.int64()),
        "founder_node": pa.array([founder[group] for group in groups.group.values()], pa.int64()),
    })  # fmt: skip
    connection.register("identity_rebuilt", table)
    connection.execute(
        "update identity_component set founder_node = identity_rebuilt.founder_node from identity_rebuilt "
        "where identity_component.node_id = identity_rebuilt.node_id"
    )
    connection.unregister("identity_rebuilt")
    if refused:
        columns = list(zip(*refused, strict=True))
        names = ("left_node", "right_node", "probability", "reason")
        connection.register("identity_refusal", pa.table(dict(zip(names, map(list, columns), strict=True))))
        connection.execute(
            "insert into identity_refused select refusal.* from identity_refusal as refusal "
            "inner join identity_component as l on refusal.left_node = l.node_id "
            "inner join identity_component as r on refusal.right_node = r.node_id "
            "where l.founder_node <> r.founder_node"
        )
        connection.unregister("identity_refusal")
