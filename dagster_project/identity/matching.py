"""Probabilistic matching: links between records that no exact rule joins.

Belongs here: one pass of features, training and scoring for persons and for organisations. Does not belong here: what
is learned (`training.py`), what forbids a link (`policy.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
import numpy as np

from dagster_project.identity.comparisons import COMPARISONS, Comparison
from dagster_project.identity.features import filled, write_features
from dagster_project.identity.rules import Links
from dagster_project.identity.training import Model, shares_something, threshold, train

MOST_DIFFERENT = 0.02
"""A column that differs in a greater share of the pairs of one does not tell two customers apart by itself."""
_LEAST_SHARE = 0.01
RULE = "model"


@dataclass
class ProbabilisticMatching:
    """An edge source: pairs that the company's own data say are one.

    Attributes:
        models: after `find`, the model of each kind of party that had something to match.
    """

    models: dict[str, Model] = field(default_factory=dict)

    @property
    def unreliable(self) -> dict[str, set[str]]:
        """The columns that differ in more than 2 % of the pairs of one, by party: they contradict nothing."""
        return {
            party: {c.column for c in model.comparisons if model.share_different(c.column) > MOST_DIFFERENT}
            for party, model in self.models.items()
        }

    def find(self, connection: duckdb.DuckDBPyConnection) -> Links:
        """Append the links; write all scored pairs to `identity_weight` (left_node, right_node, weight)."""
        self.models = {}
        connection.execute(
            "create or replace temp table identity_weight (left_node bigint, right_node bigint, weight double)"
        )
        for party, records in write_features(connection).items():
            comparisons = _usable(connection, party, records)
            if comparisons:
                self.models[party] = _match(connection, party, comparisons, records)
        return Links(shared={}, overused={})


def _usable(connection: duckdb.DuckDBPyConnection, party: str, records: int) -> tuple[Comparison, ...]:
    """Name the comparisons whose column is known often enough; none without names or without anything beside."""
    if party not in COMPARISONS or records < 2:
        return ()
    known = filled(connection, party)
    least = max(2.0, _LEAST_SHARE * records)
    usable = tuple(c for c in COMPARISONS[party] if known[c.column] >= least)
    columns = {c.column for c in usable}
    names = {c.column for c in COMPARISONS[party] if c.column in {"given_name", "family_name"}}
    return usable if names <= columns and columns - names - {"gender"} else ()


def _match(
    connection: duckdb.DuckDBPyConnection, party: str, comparisons: tuple[Comparison, ...], records: int
) -> Model:
    _write_input(connection, party, records)
    model = train(connection, "identity_input", comparisons, party, records)
    weights = " + ".join(_weight_case(c, model.household[c.column]) for c in comparisons)
    # Odds of one against both alternatives: two strangers, or two of a household where something is shared.
    connection.execute(f"""
        create or replace temp table identity_odds as
        select least(l.node_id, r.node_id) as left_node, greatest(l.node_id, r.node_id) as right_node,
            least(case when {shares_something(model)}
                then -log2(exp2_capped(-match_weight) + exp2_capped(-({model.household_prior} + {weights})))
                else match_weight end, 60) as weight
        from identity_scored
        inner join identity_input as l on record_id_l = l.record_id
        inner join identity_input as r on record_id_r = r.record_id""")
    odds = connection.execute("select weight from identity_odds").fetchnumpy()["weight"]
    model.least_weight = threshold(np.asarray(odds, dtype=float))
    connection.execute("insert into identity_weight select * from identity_odds where weight > -10")
    connection.execute(
        f"insert into identity_edge select left_node, right_node, '{RULE}', 1 / (1 + power(2, -weight)), false "
        f"from identity_odds where weight >= {model.least_weight}"
    )
    for table in ("identity_odds", "identity_scored", "identity_candidate", "identity_input"):
        connection.execute(f"drop table if exists {table}")
    return model


def _weight_case(comparison: Comparison, weights: list[float]) -> str:
    cases = " ".join(f"when {len(weights) - 1 - place} then {weight}" for place, weight in enumerate(weights))
    return f"(case gamma_{comparison.column} {cases} else 0 end)"


_DIFFERENT_NAMES = """l.record_id < r.record_id and l.given_name <> r.given_name
    and least(length(l.given_name), length(r.given_name)) > 1 and coalesce(l.gender = r.gender, true)
    and damerau_levenshtein(l.given_name, r.given_name) > 1
    and not contains(l.given_name, r.given_name) and not contains(r.given_name, l.given_name)"""
# Two given names are forms of one if at least two families use both for one person: same family name and birth date,
# or same family name, e-mail and phone. Brothers and sisters share these too, but not twice with the same two names.
_INPUT = f"""
create or replace temp table identity_input as
with party as (select * from identity_feature where party = '{{party}}'),
evidence as (
    select l.given_name as one, r.given_name as other, l.family_name || l.birth_date as occasion
    from party as l inner join party as r on l.birth_date = r.birth_date and l.family_name = r.family_name
    where {_DIFFERENT_NAMES}
    union all
    select l.given_name, r.given_name, l.email
    from party as l inner join party as r
        on l.email = r.email and l.phone = r.phone and l.family_name = r.family_name
    where {_DIFFERENT_NAMES} and coalesce(l.birth_date = r.birth_date, true)
),
form as (
    select least(one, other) as one, greatest(one, other) as other from evidence
    group by 1, 2 having count(distinct occasion) >= 2
),
forms as (
    select name, list(form order by form) as aliases
    from (select one as name, other as form from form union all select other, one from form) as both_ways group by 1
),
given as (
    select given_name, count(*) / sum(count(*)) over () as share from party where given_name is not null group by 1
),
family as (
    select family_name, count(*) / sum(count(*)) over () as share from party where family_name is not null group by 1
)
select party.*, {{records}} as records, coalesce(forms.aliases, []) as aliases,
    given.share as tf_given_name, family.share as tf_family_name
from party
left join forms on party.given_name = forms.name
left join given on party.given_name = given.given_name
left join family on party.family_name = family.family_name
"""


def _write_input(connection: duckdb.DuckDBPyConnection, party: str, records: int) -> None:
    """Write `identity_input`: the party's features with the frequency and the other forms of each name."""
    connection.execute("create or replace temp macro exp2_capped(x) as power(2, least(greatest(x, -60), 60))")
    connection.execute(_INPUT.format(party=party, records=records))
