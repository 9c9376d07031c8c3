"""The exact rules: which two records are the same person because they say the same thing.

Belongs here: sources of links between records, and what contradicts a link. Does not belong here: following chains
of links (`components.py`). Probabilistic matching is one more `EdgeSource`.

A shared identifier proves identity only if it is verified. Feeds carry no such flag, so it is inferred: an e-mail
address, or a phone number together with a birth date, is **verified** if it is well formed, held by at most
`max_holders` records, and no two of its holders contradict each other (see `CONTRADICTION`). The address of a
family or a shop counter thus links nobody, except holders who agree on more: tax code, or given name and birth
date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import duckdb

from dagster_project.identity.judgement import JUDGEMENT, agreement, contradiction, judge


@dataclass(frozen=True)
class Links:
    """What an edge source found beside its edges: identifiers not used, and why (counts by rule)."""

    shared: dict[str, int]
    overused: dict[str, int]


class EdgeSource(Protocol):
    """A way to find links between records.

    `find` reads `identity_record` (see `records.collect_records`) and appends to the table `identity_edge`:
    `left_node` < `right_node` (node ids), `rule` (name of the evidence), `probability` (0 to 1, that both are one
    person), `is_strict` (true where the two agree on so much that the link holds even in a group in which others
    contradict each other).
    """

    def find(self, connection: duckdb.DuckDBPyConnection) -> Links:
        """Append the links and say what was left aside."""
        ...


@dataclass(frozen=True)
class ExactRules:
    """Verified e-mail, verified phone with birth date, and a reference whose source system is not named.

    Attributes:
        max_holders: an identifier held by more records than this identifies nobody.
    """

    max_holders: int = 8

    def find(self, connection: duckdb.DuckDBPyConnection) -> Links:
        """Append the links of the exact rules; their probability is 1."""
        connection.execute(_HOLDERS)
        connection.execute(_HELD.format(max_holders=self.max_holders))
        judge(connection, "identity_held")
        connection.execute(_PAIRS)
        connection.execute(_EDGES)
        connection.execute(_WITHOUT_SYSTEM)
        shared = connection.execute(
            "select rule, count(distinct key) from identity_pair where is_contested group by 1"
        ).fetchall()
        overused = connection.execute(
            f"select rule, count(*) from identity_usage where holders > {self.max_holders} group by 1"
        ).fetchall()
        for table in ("identity_pair", "identity_held", "identity_usage", "identity_holder"):
            connection.execute(f"drop table {table}")
        return Links(shared=dict(shared), overused=dict(overused))


# Known by their hashes, which are faster to group and to join.
_HOLDERS = """
create or replace temp table identity_holder as
select 'email' as rule, hash(email) as key, node_id, said from identity_record where email is not null
union all
select 'phone_and_birth_date', hash(phone, birth_date), node_id, said from identity_record
where phone is not null and birth_date is not null;
create or replace temp table identity_usage as
select rule, key, count(*) as holders from identity_holder group by 1, 2 having count(*) > 1
"""
_HELD = """
create or replace temp table identity_held as
with holder as (
    select identity_holder.* from identity_holder
    inner join identity_usage as usage on identity_holder.rule = usage.rule and identity_holder.key = usage.key
    where usage.holders <= {max_holders}
)
select l.rule, l.key, l.node_id as left_node, r.node_id as right_node,
    least(l.said, r.said) as said_one, greatest(l.said, r.said) as said_other
from holder as l
inner join holder as r on l.rule = r.rule and l.key = r.key and l.node_id < r.node_id
"""
_PAIRS = f"""
create or replace temp table identity_pair as
select held.rule, held.key, held.left_node, held.right_node,
    {contradiction("says")} as is_contradiction, {agreement("says")} as is_strict,
    bool_or({contradiction("says")}) over (partition by held.rule, held.key) as is_contested
from identity_held as held
inner join {JUDGEMENT} as judgement using (said_one, said_other)
"""
_EDGES = """
insert into identity_edge
select left_node, right_node, rule, 1.0, is_strict
from identity_pair
where not is_contradiction and (is_strict or not is_contested)
"""
_WITHOUT_SYSTEM = """
insert into identity_edge
select min(named.node_id), bare.node_id, 'ref_without_system', 1.0, true
from identity_record as bare
inner join identity_record as named on bare.customer_ref = named.customer_ref and named.source_system <> ''
where bare.source_system = ''
group by bare.node_id
having count(*) = 1
"""
