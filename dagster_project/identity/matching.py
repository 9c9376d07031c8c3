"""Probabilistic matching: links between records that no exact rule joins.

Belongs here: one pass of features, model and scoring for persons and for organisations, over all records or over those
that changed. Does not belong here: what is learned (`training.py`), what is remembered (`memory.py`), what forbids a
link (`components.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import numpy as np

from dagster_project.identity import memory, scorer
from dagster_project.identity.blocking import write_pairs
from dagster_project.identity.comparisons import COMPARISONS, Comparison
from dagster_project.identity.features import filled, write_features
from dagster_project.identity.rules import Links
from dagster_project.identity.terms import learn_terms, write_input
from dagster_project.identity.training import Model, shares_something, threshold, train

MOST_DIFFERENT = 0.02
"""A column that differs in a greater share of the pairs of one does not tell two customers apart by itself."""
MOST_UNTRAINED = 0.1
"""The model is learned anew when a greater share of the records is new or changed since it was learned."""
RULE = "model"
_LEAST_SHARE = 0.01
_LEAST_WEIGHT = -10.0  # pairs below are not remembered: they are two


@dataclass
class ProbabilisticMatching:
    """An edge source: pairs that the company's own data say are one.

    Attributes:
        models: after `find`, the model of each kind of party that had something to match.
        learned: those of them that this run learned.
        scored: pairs that this run compared, by kind of party.
    """

    models: dict[str, Model] = field(default_factory=dict)
    learned: dict[str, Model] = field(default_factory=dict)
    scored: dict[str, int] = field(default_factory=dict)
    _has_news: bool = False

    @property
    def unreliable(self) -> dict[str, set[str]]:
        """What differs in more than 2 % of the pairs of one, by party, as `rules.contradiction` names it."""
        found = {}
        for party, model in self.models.items():
            found[party] = {c.column for c in model.comparisons if model.share_different(c.column) > MOST_DIFFERENT}
            if model.share_different("birth_date", "part") > MOST_DIFFERENT:
                found[party].add("birth_date_in_part")
        return found

    def find(self, connection: duckdb.DuckDBPyConnection) -> Links:
        """Append the links; write all scored pairs to `identity_weight` (left_node, right_node, weight)."""
        memory.open_memory(connection)
        connection.execute("create or replace temp macro exp2_capped(x) as power(2, least(greatest(x, -60), 60))")
        for party, records in sorted(write_features(connection).items()):
            if party in COMPARISONS and records > 1:
                self._match(connection, party, records)
        return Links(shared={}, overused={})

    def remember(self, connection: duckdb.DuckDBPyConnection, believed_at: datetime) -> None:
        """Keep what this run learned and scored for the next one; nothing new, nothing written."""
        if self._has_news:
            memory.remember(connection, self.learned, believed_at)

    def _match(self, connection: duckdb.DuckDBPyConnection, party: str, records: int) -> None:
        changes = memory.list_changes(connection, party)
        model = memory.recall_model(connection, party) if changes.untrained_share <= MOST_UNTRAINED else None
        if model is None:
            model = self._learn(connection, party, records)
            if model is None:
                return
        else:
            self._score_changed(connection, party, model, changes)
        self.models[party] = model
        _write_links(connection, model)

    def _learn(self, connection: duckdb.DuckDBPyConnection, party: str, records: int) -> Model | None:
        comparisons = _usable(connection, party, records)
        if not comparisons:
            return None
        learn_terms(connection, party)
        write_input(connection, party, records)
        model = train(connection, "identity_input", comparisons, party, records)
        self.scored[party] = _write_odds(connection, model)
        weights = connection.execute("select weight from identity_odds").fetchnumpy()["weight"]
        model.least_weight = threshold(np.asarray(weights, dtype=float))
        _keep_odds(connection, party)
        memory.keep_terms(connection, party)
        self.learned[party], self._has_news = model, True
        return model

    def _score_changed(
        self, connection: duckdb.DuckDBPyConnection, party: str, model: Model, changes: memory.Changes
    ) -> None:
        """Compare the records that changed with those of their blocks; take the rest from memory."""
        connection.execute(
            f"create or replace temp view identity_party as select * from identity_feature where party = '{party}'"
        )
        if not changes.is_known:
            memory.begin_anew(connection, party)
        pairs = 0
        if changes.changed:
            pairs = write_pairs(
                connection, "identity_party", model.rules, "identity_changed" if changes.is_known else None
            )
        if pairs:
            write_input(connection, party, model.records, "identity_candidate")
            scorer.score(connection, "identity_input", model.comparisons, model.parameters, "identity_scored")
            self.scored[party] = _write_odds(connection, model)
        else:
            self.scored[party] = 0
            connection.execute(
                "create or replace temp table identity_odds as "
                "select record_id_l, record_id_r, weight from intermediate.identity_pair where false"
            )
        _keep_odds(connection, party)
        if changes.is_known:
            memory.recall_pairs(connection, party)
        self._has_news = self._has_news or changes.changed > 0 or changes.vanished > 0 or not changes.is_known


def _usable(connection: duckdb.DuckDBPyConnection, party: str, records: int) -> tuple[Comparison, ...]:
    """Name the comparisons whose column is known often enough; none without names or without anything beside."""
    known = filled(connection, party)
    least = max(2.0, _LEAST_SHARE * records)
    usable = tuple(c for c in COMPARISONS[party] if known[c.column] >= least)
    columns = {c.column for c in usable}
    names = {c.column for c in COMPARISONS[party] if c.column in {"given_name", "family_name"}}
    return usable if names <= columns and columns - names - {"gender"} else ()


def _write_odds(connection: duckdb.DuckDBPyConnection, model: Model) -> int:
    """Write `identity_odds` (record_id_l, record_id_r, weight) from the scored pairs and return how many there are.

    The weight is the log2 of the odds of one against both alternatives: two strangers, or two of a household where
    something is shared. It has six digits: a pair that is scored again, with a prior that was moved, has the same.
    """
    weights = " + ".join(_weight_case(c, model.household[c.column]) for c in model.comparisons)
    connection.execute(f"""
        create or replace temp table identity_odds as
        select record_id_l, record_id_r,
            round(least(case when {shares_something(model)}
                then -log2(exp2_capped(-match_weight) + exp2_capped(-({model.household_prior} + {weights})))
                else match_weight end, 60), 6) as weight
        from identity_scored""")
    row = connection.execute("select count(*) from identity_odds").fetchone()
    return int(row[0]) if row else 0


def _weight_case(comparison: Comparison, weights: list[float]) -> str:
    cases = " ".join(f"when {len(weights) - 1 - place} then {weight}" for place, weight in enumerate(weights))
    return f"(case gamma_{comparison.column} {cases} else 0 end)"


def _keep_odds(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """Pass the pairs that this run has scored on to the memory, without those that are two."""
    connection.execute(f"delete from identity_odds where weight <= {_LEAST_WEIGHT}")
    connection.execute("insert into identity_pair_now select ?, * from identity_odds", [party])


def _write_links(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Pass the pairs on: all that may be one to `identity_weight`, the links to `identity_edge`."""
    connection.execute(f"""
        create or replace temp table identity_link as
        select least(l.node_id, r.node_id) as left_node, greatest(l.node_id, r.node_id) as right_node, weight
        from identity_odds
        inner join identity_record as l on record_id_l = l.record_id
        inner join identity_record as r on record_id_r = r.record_id;
        insert into identity_weight from identity_link;
        insert into identity_edge
        select left_node, right_node, '{RULE}', round(1 / (1 + power(2, -weight)), 6), false
        from identity_link
        where weight >= {model.least_weight}""")
    for table in ("identity_link", "identity_odds", "identity_scored", "identity_candidate", "identity_input"):
        connection.execute(f"drop table if exists {table}")
