"""What matching remembers from run to run: the model, and what it said of records that have not changed since.

Belongs here: the tables `intermediate.identity_model` and `identity_term` (with the time for which each was believed),
`identity_record_state` and `identity_pair`. Does not belong here: when a model is learned anew (`matching.py`).

The last two are a cache, derived from the model and the records: without them every pair is scored again, with the same
result. They hold hashes only. An erasure empties them and what `registry.py` and `judgement.py` remember
(`forget_records`), and the run that fills them again drops what was remembered of names that nobody has any more.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb

from dagster_project.identity.blocking import RULES
from dagster_project.identity.comparisons import COMPARISONS, Comparison
from dagster_project.identity.terms import KEY
from dagster_project.identity.training import Model

_TABLES = """
create table if not exists intermediate.identity_model (
    party text not null, model json not null, believed_from timestamptz not null, believed_to timestamptz
);
create table if not exists intermediate.identity_term (
    party text not null, column_name text not null, term_key bigint not null, share double not null, forms bigint[],
    believed_from timestamptz not null, believed_to timestamptz
);
create table if not exists intermediate.identity_record_state (
    party text not null, record_id bigint not null, fingerprint text not null, is_trained boolean not null
);
create table if not exists intermediate.identity_pair (
    party text not null, record_id_l bigint not null, record_id_r bigint not null, weight double not null
);
create or replace temp table identity_party_now (party text, is_kept boolean, is_trained boolean);
create or replace temp table identity_moved (party text, record_id bigint);
create or replace temp table identity_state_now (party text, record_id bigint, fingerprint text);
create or replace temp table identity_pair_now (party text, record_id_l bigint, record_id_r bigint, weight double);
create or replace temp table identity_term_now (
    party text, column_name text, term_key bigint, share double, forms bigint[]
)
"""
# Whoever has moved is another than is remembered, or is no longer there: what is remembered of his pairs is past.
_CHANGED = """
create or replace temp table identity_changed as
select record_id, fingerprint from identity_feature where party = $party
except
select record_id, fingerprint from intermediate.identity_record_state where party = $party;
insert into identity_moved
select $party, record_id from (
    select record_id from identity_changed
    union all
    select record_id from intermediate.identity_record_state where party = $party
        and record_id not in (select record_id from identity_feature where party = $party)
) as moved;
insert into identity_state_now select $party, record_id, fingerprint from identity_changed;
insert into identity_party_now values ($party, false, false)
"""
_COUNTS = """
select
    count(*),
    count(*) filter (record_id in (select record_id from identity_changed)),
    count(*) filter (not is_trained and record_id not in (select record_id from identity_moved where party = $party)),
    (select count(*) from identity_changed),
    (select count(*) from identity_feature where party = $party)
from intermediate.identity_record_state
where party = $party
"""
_REMEMBER = """
delete from intermediate.identity_record_state
where party not in (select party from identity_party_now)
    or (party, record_id) in (select (party, record_id) from identity_moved);
insert into intermediate.identity_record_state
select party, record_id, fingerprint, false from identity_state_now order by all;
update intermediate.identity_record_state set is_trained = true
where not is_trained and party in (select party from identity_party_now where is_trained);
delete from intermediate.identity_pair
where party not in (select party from identity_party_now where is_kept)
    or (party, record_id_l) in (select (party, record_id) from identity_moved)
    or (party, record_id_r) in (select (party, record_id) from identity_moved);
insert into intermediate.identity_pair from identity_pair_now order by all
"""
_DROP_UNBORNE = f"""
create or replace temp table identity_borne as
select distinct term_key from (
    select {KEY.format("given_name")} as term_key from identity_feature where given_name is not null
    union all
    select {KEY.format("family_name")} from identity_feature where family_name is not null
) as borne;
delete from intermediate.identity_term where term_key not in (from identity_borne);
update intermediate.identity_term
set forms = list_sort(list_intersect(forms, (select list(term_key) from identity_borne)))
where len(forms) > 0;
drop table identity_borne
"""


@dataclass(frozen=True)
class Changes:
    """What changed since the last run.

    Attributes:
        is_known: whether there was a last run.
        changed: records that are new or changed since.
        vanished: records that are no longer there.
        untrained_share: share of the records that are new or changed since the model was learned.
    """

    is_known: bool
    changed: int
    vanished: int
    untrained_share: float


def open_memory(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of the memory that are not there yet, and those in which a run collects what it learns."""
    connection.execute(_TABLES)


def list_changes(connection: duckdb.DuckDBPyConnection, party: str) -> Changes:
    """Write `identity_changed` (record_id, fingerprint): records whose features are not those of the last run.

    Those that are no longer there join them in `identity_moved` (party, record_id).
    """
    for statement in _CHANGED.split(";"):
        connection.execute(statement, {"party": party})
    known, another, untrained, changed, total = connection.execute(_COUNTS, {"party": party}).fetchall()[0]
    vanished = known + changed - another - total
    return Changes(known > 0, changed, vanished, (untrained + changed) / total if known and total else 0.0)


def forget_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget what is remembered of records and pairs: the next run reads and compares all again, to the same result."""
    remembered = connection.execute(
        "select table_name from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'intermediate' and table_name in ('identity_record_state', 'identity_pair', "
        "'identity_registry', 'identity_registry_feature', 'identity_mention', 'identity_mention_read', "
        "'identity_judgement')"
    ).fetchall()
    for (table,) in remembered:
        connection.execute(f"drop table intermediate.{table}")


def begin_anew(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """Take up a model of which no records are remembered: all are its own; names that nobody has any more are dropped.

    A name without a term is taken for one that occurs once, so nothing that is still compared changes.
    """
    connection.execute(_DROP_UNBORNE)
    connection.execute("update identity_party_now set is_trained = true where party = ?", [party])


def recall_model(connection: duckdb.DuckDBPyConnection, party: str) -> Model | None:
    """Give the model now believed and write its terms to `identity_term`; None if there is none that still fits."""
    row = connection.execute(
        "select model from intermediate.identity_model where party = ? and believed_to is null", [party]
    ).fetchone()
    if row is None:
        return None
    written = json.loads(row[0])
    comparisons = tuple(c for c in COMPARISONS[party] if c.column in written["columns"])
    if written.pop("signature") != _signature(comparisons):
        return None
    rules = {tuple(rule): pairs for rule, pairs in written.pop("rules")}
    del written["columns"]
    connection.execute(
        "create or replace temp table identity_term as select column_name, term_key, share, forms "
        "from intermediate.identity_term where party = ? and believed_to is null",
        [party],
    )
    return Model(comparisons=comparisons, rules=rules, **written)


def recall_pairs(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """Add to `identity_odds` the pairs of which neither record has moved, and keep them in memory."""
    connection.execute(
        """insert into identity_odds
        select record_id_l, record_id_r, weight from intermediate.identity_pair
        where party = $party
            and record_id_l not in (select record_id from identity_moved where party = $party)
            and record_id_r not in (select record_id from identity_moved where party = $party)""",
        {"party": party},
    )
    connection.execute("update identity_party_now set is_kept = true where party = ?", [party])


def keep_terms(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """Note the terms that a new model of the party was learned with."""
    connection.execute("insert into identity_term_now select ?, * from identity_term", [party])
    connection.execute("update identity_party_now set is_trained = true where party = ?", [party])


def remember(connection: duckdb.DuckDBPyConnection, learned: dict[str, Model], believed_at: datetime) -> None:
    """Write the memory of this run, all or nothing.

    Args:
        connection: with the tables that `open_memory` has made, filled.
        learned: the models that are new, by party.
        believed_at: since when they are believed.
    """
    connection.execute("begin transaction")
    try:
        for party, model in learned.items():
            for table in ("identity_model", "identity_term"):
                connection.execute(
                    f"update intermediate.{table} set believed_to = ? where party = ? and believed_to is null",
                    [believed_at, party],
                )
            connection.execute(
                "insert into intermediate.identity_model values (?, ?, ?, null)", [party, _written(model), believed_at]
            )
        connection.execute(
            "insert into intermediate.identity_term select *, ?, null from identity_term_now", [believed_at]
        )
        connection.execute(_REMEMBER)
        connection.execute("commit")
    except Exception:
        connection.execute("rollback")
        raise


def _written(model: Model) -> str:
    written = asdict(model)
    del written["comparisons"]
    written["columns"] = [comparison.column for comparison in model.comparisons]
    written["signature"] = _signature(model.comparisons)
    written["rules"] = [[list(rule), pairs] for rule, pairs in model.rules.items()]
    return json.dumps(written)


def _signature(comparisons: tuple[Comparison, ...]) -> str:
    """Tell whether comparisons and blocking rules are those that a model was learned with."""
    return hashlib.sha256(repr((comparisons, RULES)).encode()).hexdigest()[:16]
