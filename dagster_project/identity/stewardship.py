"""What a steward has decided: these two records are the same customer, those two are not.

Belongs here: reading `reference.identity_decision` and finding decisions that contradict each other. Does not belong
here: what they outrank (`components.py`).
"""

from __future__ import annotations

import duckdb

from dagster_project.settings import StellaError

DECISIONS = "reference.identity_decision"
_DECIDED = f"""
create or replace temp table identity_decided as
select
    case when l.node_id < r.node_id then l.node_id else r.node_id end as left_node,
    case when l.node_id < r.node_id then r.node_id else l.node_id end as right_node,
    l.node_id is null or r.node_id is null as is_waiting,
    lower(trim(decision)) as decision,
    trim(concat(l.source_system, ' ', l.customer_ref)) as one,
    trim(concat(r.source_system, ' ', r.customer_ref)) as other
from {DECISIONS} as written
left join identity_record as l
    on coalesce(trim(written.source_system), '') = l.source_system and trim(written.customer_ref) = l.customer_ref
left join identity_record as r
    on coalesce(trim(written.other_source_system), '') = r.source_system
    and trim(written.other_customer_ref) = r.customer_ref
"""
# Those called the same, directly or by way of others, are known by the lowest node of the chain.
_CHAINS = """
create or replace temp table identity_told_same as
with recursive link as (
    select left_node as node_id, right_node as other from identity_decided where decision = 'same'
    union all
    select right_node, left_node from identity_decided where decision = 'same'
),
chain(node_id, reached) as (
    select node_id, node_id from link
    union
    select chain.node_id, link.other from chain inner join link on chain.reached = link.node_id
)
select node_id, min(reached) as told from chain group by 1
"""
_CONFLICT = """
select decided.one, decided.other
from identity_decided as decided
inner join identity_told_same as l on decided.left_node = l.node_id
inner join identity_told_same as r on decided.right_node = r.node_id and l.told = r.told
where decided.decision = 'different'
order by 1, 2 limit 1
"""
# All of a chain are one, whatever else speaks against any two of them.
_VERDICTS = """
insert into identity_verdict
select l.node_id, r.node_id, true
from identity_told_same as l inner join identity_told_same as r on l.told = r.told and l.node_id < r.node_id
union all
select distinct left_node, right_node, false
from identity_decided where decision = 'different' and left_node < right_node
"""


def enter_decisions(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Fill `identity_verdict` and add the decisions of sameness to `identity_edge`.

    Returns:
        How many decisions are in force, and how many wait for a record that no feed has named yet.

    Raises:
        StellaError: a decision is neither same nor different, or two records are decided to be different and, by
            other decisions, the same.
    """
    there = connection.execute(
        "select count(*) from information_schema.tables where table_schema || '.' || table_name = ?", [DECISIONS]
    ).fetchone()
    if not there or not there[0]:
        return 0, 0
    connection.execute(_DECIDED)
    _refuse_unknown_words(connection)
    waiting = _count(connection, "identity_decided where is_waiting")
    connection.execute("delete from identity_decided where is_waiting")
    connection.execute(_CHAINS)
    conflict = connection.execute(_CONFLICT).fetchone()
    if conflict:
        raise StellaError(
            f"seeds/identity_decision.csv contradicts itself: {conflict[0]} and {conflict[1]} are called different in "
            "one row and, directly or by way of others, the same in other rows. Delete the wrong row and run again."
        )
    connection.execute(_VERDICTS)
    connection.execute(
        "insert into identity_edge select left_node, right_node, 'steward', 1.0, true "
        "from identity_verdict where is_same"
    )
    in_force = _count(connection, "identity_decided")
    for table in ("identity_told_same", "identity_decided"):
        connection.execute(f"drop table {table}")
    return in_force, waiting


def _refuse_unknown_words(connection: duckdb.DuckDBPyConnection) -> None:
    odd = connection.execute(
        "select distinct coalesce(decision, '') from identity_decided "
        "where coalesce(decision, '') not in ('same', 'different') order by 1"
    ).fetchall()
    if odd:
        words = ", ".join(f"'{word}'" for (word,) in odd)
        raise StellaError(
            f"seeds/identity_decision.csv: the decision {words} is neither 'same' nor 'different'. "
            "Write one of the two and run again."
        )


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    row = connection.execute(f"select count(*) from {source}").fetchone()
    return int(row[0]) if row else 0
