"""One resolution from staging to the ledger.

Belongs here: the order of the steps. Does not belong here: what each step does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from time import perf_counter

import duckdb

from dagster_project import clock
from dagster_project.identity.components import assign_components
from dagster_project.identity.identifiers import form_beliefs
from dagster_project.identity.judgement import forget_unasked, open_judgements
from dagster_project.identity.ledger import LEDGER, enter_beliefs
from dagster_project.identity.matching import ProbabilisticMatching
from dagster_project.identity.mentions import read_mentions
from dagster_project.identity.normalise import define_macros
from dagster_project.identity.records import collect_records
from dagster_project.identity.registry import read_registry
from dagster_project.identity.report import ResolutionReport
from dagster_project.identity.review import write_review
from dagster_project.identity.rules import EdgeSource, ExactRules
from dagster_project.identity.stewardship import enter_decisions

_BELIEVED = f"select identifier_kind, count(*) from {LEDGER} where believed_to is null group by 1"
_EDGES = """
create or replace temp table identity_edge (
    left_node bigint, right_node bigint, rule text, probability double, is_strict boolean
);
create or replace temp table identity_weight (left_node bigint, right_node bigint, weight double);
create or replace temp table identity_verdict (left_node bigint, right_node bigint, is_same boolean)
"""


def resolve(
    connection: duckdb.DuckDBPyConnection,
    *,
    edge_sources: Sequence[EdgeSource] | None = None,
    believed_at: datetime | None = None,
    loaded_after: datetime | None = None,
) -> ResolutionReport:
    """Resolve every record in staging and enter the result into `intermediate.identity_ledger`.

    The result depends only on the records, not on their order nor on earlier runs: a customer's number is made from
    his founding record, the one registered (or else seen) first. When records merge, the older number survives;
    when they split, each part has the number of its own founder again. A second call over the same staging changes
    nothing.

    Args:
        connection: the warehouse, with `staging.stg_<feed>` built.
        edge_sources: where links between records come from; the exact rules and probabilistic matching if absent.
        believed_at: when the result is known, with offset; now if absent.
        loaded_after: the moment up to which the last resolution knows the rows of `raw`, where nothing but newer ones
            has changed staging since; if absent, every row is read.

    Returns:
        The figures of the resolution.
    """
    started = perf_counter()
    shared: Counter[str] = Counter()
    overused: Counter[str] = Counter()
    define_macros(connection)
    _read(connection, loaded_after)
    open_judgements(connection)
    records = collect_records(connection)
    connection.execute(_EDGES)
    matching = ProbabilisticMatching()
    for source in (ExactRules(), matching) if edge_sources is None else edge_sources:
        found = source.find(connection)
        shared.update(found.shared)
        overused.update(found.overused)
    decisions, waiting = enter_decisions(connection)
    contested = assign_components(connection, records, matching.unreliable)
    forget_unasked(connection)
    shared_visitors = form_beliefs(connection)
    review = write_review(connection)
    known_at = believed_at or clock.now()
    change = enter_beliefs(connection, known_at)
    matching.remember(connection, known_at)
    report = ResolutionReport(
        records=records,
        customers=_customers(connection),
        links=_counts(connection, "select rule, count(*) from identity_edge group by 1"),
        shared=dict(shared),
        overused=dict(overused),
        contested=contested,
        identifiers=_counts(connection, _BELIEVED),
        shared_visitors=shared_visitors,
        opened=change.opened,
        closed=change.closed,
        unchanged=change.unchanged,
        decisions=decisions,
        waiting=waiting,
        review=review,
        threshold={party: model.least_weight for party, model in matching.models.items()},
        scored=matching.scored,
        blocks={party: sum(model.rules.values()) for party, model in matching.models.items()},
        seconds=perf_counter() - started,
    )  # fmt: skip
    _forget(connection)
    return report


def _read(connection: duckdb.DuckDBPyConnection, loaded_after: datetime | None) -> None:
    """Bring what is remembered of registry and feeds up to date, all or nothing."""
    connection.execute("begin transaction")
    try:
        read_registry(connection)
        read_mentions(connection, loaded_after)
        connection.execute("commit")
    except Exception:
        connection.execute("rollback")
        raise


def _customers(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select count(distinct founder_node) from identity_component").fetchone()
    return int(row[0]) if row else 0


def _counts(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return dict(connection.execute(query).fetchall())


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    for table in (
        "identity_record",
        "identity_edge",
        "identity_component",
        "identity_belief",
        "identity_crowded",
        "identity_crowded_value",
        "identity_weight",
        "identity_verdict",
        "identity_refused",
        "identity_apart",
        "identity_contested",
        "identity_term",
        "identity_changed",
        "identity_moved",
        "identity_party_now",
        "identity_state_now",
        "identity_pair_now",
        "identity_term_now",
    ):
        connection.execute(f"drop table if exists {table}")
    for view in ("identity_party", "identity_feature"):
        connection.execute(f"drop view if exists {view}")
