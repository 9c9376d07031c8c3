"""What agreement and disagreement are worth in a company's own data, learned without labels.

Belongs here: the model of one kind of party. Does not belong here: how levels are compared (`comparisons.py`), which
pairs are looked at (`blocking.py`), what follows from a score (`matching.py`).

Two questions are asked of a pair. Are both one, rather than two strangers? That is the model of Fellegi and Sunter,
whose probabilities among pairs of one Splink learns by expectation maximisation, in blocks of what is a person's own
(name, birth date, tax code), never of what a household shares. And where both share an address, a phone or an e-mail:
are both one, rather than two of one household? That is a second mixture, over those pairs alone, whose second class
is the household.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
from numpy.typing import NDArray

from dagster_project.identity import scorer
from dagster_project.identity.blocking import LEAST_RECALL, choose_rules, expected_recall, write_pairs
from dagster_project.identity.comparisons import Comparison
from dagster_project.identity.features import filled
from dagster_project.identity.scorer import Table

Reals = NDArray[np.float64]

SHARED = ("street", "phone", "email")
"""What the members of a household share."""
_TRAINING_RULES = (("given_name", "family_name"), ("birth_date",), ("family_name",), ("tax_code",), ("email",))
_LEAST_PAIRS, _SAMPLE = 100, 60_000
_PRIOR_PAIRS = 20.0  # as many pairs of one the first guess weighs
_TRUSTED_PAIRS = 100.0
_EXPECTED_PRECISION = 0.998
_WRONG_PER_MISSED = 0.1
# Left to itself, the engine compares every record with every other one and asks for the distance last.
STRANGERS = f"""
create or replace temp table identity_candidate as
with ranked as materialized (
    select record_id, row_number() over (order by record_id) - 1 as place, count(*) over () as total from {{source}}
),
step as (
    select distinct 1 + (hash(number) % (select greatest(count(*) - 1, 1) from {{source}}))::bigint as distance
    from range({_SAMPLE} // (select count(*) from {{source}}) + 1) as steps(number)
),
far as materialized (select record_id, (place + distance) % total as place from ranked cross join step)
select least(l.record_id, r.record_id) as record_id_l, greatest(l.record_id, r.record_id) as record_id_r
from far as l inner join ranked as r on l.place = r.place
where l.record_id <> r.record_id
order by hash(l.record_id, r.record_id), l.record_id, r.record_id limit {_SAMPLE}
"""


@dataclass
class Model:
    """What was learned of one kind of party.

    Attributes:
        comparisons: the columns that are known often enough to compare.
        rules: blocking rules with the pairs that each brings.
        same: probabilities of the levels among pairs of one.
        strange: the same among two random records.
        records: how many records the party had when the model was learned.
        prior: probability that two random records are one.
        household: weight of each level (log2, equal first) for one rather than two of one household.
        household_prior: log2 odds of one among pairs that share something.
        seen: probabilities of the levels among pairs of one that share something, which no namesake blurs.
        seen_pairs: on how many pairs of one these rest, by column.
        least_weight: the lowest log2 odds at which a pair is taken for one.
    """

    comparisons: tuple[Comparison, ...]
    rules: dict[tuple[str, ...], int]
    same: Table
    strange: Table
    records: int = 0
    prior: float = 1e-4
    household: dict[str, list[float]] = field(default_factory=dict)
    household_prior: float = 0.0
    seen: Table = field(default_factory=dict)
    seen_pairs: dict[str, float] = field(default_factory=dict)
    least_weight: float = 0.0

    @property
    def parameters(self) -> tuple[Table, Table, float]:
        """What Splink needs to score."""
        return self.same, self.strange, self.prior

    def share_different(self, column: str, *odd: str) -> float:
        """Tell in which share of pairs of one the column is different or on an odd level; 0 where it is not compared.

        A hundred pairs without a difference are assumed beforehand: what few pairs say takes no column's trust away.
        """
        levels = next((c.levels for c in self.comparisons if c.column == column), ())
        seen, pairs = self.seen.get(column) or self.same.get(column, []), self.seen_pairs.get(column, 0.0)
        share = sum(p for level, p in zip(levels, seen, strict=False) if level.name in {"different", *odd})
        return share * pairs / (pairs + _TRUSTED_PAIRS)


def train(
    connection: duckdb.DuckDBPyConnection, source: str, comparisons: Sequence[Comparison], party: str, records: int
) -> Model:
    """Learn the model of a party from its records in `source`.

    Leaves the table `identity_scored` with the candidates of all records, scored by the model.
    """
    rules = choose_rules(connection, party, records)
    same = {c.column: [level.prior for level in c.levels] for c in comparisons}
    model = Model(tuple(comparisons), rules, same, {c.column: [] for c in comparisons}, records)
    model.strange = _strangers(connection, source, model)
    _learn_same(connection, source, model)
    if expected_recall(rules, _agreeing(connection, party, model)) < LEAST_RECALL:
        model.rules = choose_rules(connection, party, records, is_poor=True)
    write_pairs(connection, source, model.rules)
    scorer.score(connection, source, comparisons, model.parameters, "identity_scored")
    all_pairs = records * (records - 1) / 2
    _shift_prior(connection, model, all_pairs)
    _learn_household(connection, model)
    return model


def _agreeing(connection: duckdb.DuckDBPyConnection, party: str, model: Model) -> dict[str, float]:
    """Tell by column in which share of the pairs of one both records have it and it is the same."""
    known = filled(connection, party)
    return {c.column: model.same[c.column][0] * (known[c.column] / model.records) ** 2 for c in model.comparisons}


def _strangers(connection: duckdb.DuckDBPyConnection, source: str, model: Model) -> Table:
    """Count the levels among pairs of records that lie at fixed distances in the order of their hashes."""
    connection.execute(STRANGERS.format(source=source))
    flat = {c.column: [1 / len(c.levels)] * len(c.levels) for c in model.comparisons}
    scorer.score(connection, source, model.comparisons, (model.same, flat, 0.01), "identity_scored")
    return {c.column: _normal(_counts(connection, c, "identity_scored") + 0.5).tolist() for c in model.comparisons}


def _counts(connection: duckdb.DuckDBPyConnection, comparison: Comparison, table: str) -> Reals:
    """Count the pairs on each level, equal first."""
    rows = connection.execute(
        f"select gamma_{comparison.column}, count(*) from {table} where gamma_{comparison.column} >= 0 group by 1"
    ).fetchall()
    counts = np.zeros(len(comparison.levels))
    for level, count in rows:
        counts[len(counts) - 1 - level] = count
    return counts


def _normal(counts: Reals) -> Reals:
    return np.asarray(counts / counts.sum())


def _learn_same(connection: duckdb.DuckDBPyConnection, source: str, model: Model) -> None:
    """Learn the levels among pairs of one in each training block, and weigh them with the first guess."""
    columns = {c.column for c in model.comparisons}
    total = {c.column: _PRIOR_PAIRS * np.array(model.same[c.column]) for c in model.comparisons}
    for rule in _TRAINING_RULES[:2] + _TRAINING_RULES[3:4]:
        pairs = model.rules.get(rule, 0)
        if pairs < _LEAST_PAIRS or not set(rule) <= columns:
            continue
        learned, share = scorer.learn(connection, source, model.comparisons, model.parameters, rule)
        known = _known_pairs(connection, source, rule, list(learned))
        for column, levels in learned.items():
            if sum(levels) > 0:
                total[column] += share * known[column] * _normal(np.array(levels))
    model.seen_pairs = {column: float(levels.sum()) - _PRIOR_PAIRS for column, levels in total.items()}
    model.same = {column: _normal(np.maximum(levels, 1e-9)).tolist() for column, levels in total.items()}


def _known_pairs(
    connection: duckdb.DuckDBPyConnection, source: str, rule: Sequence[str], columns: Sequence[str]
) -> dict[str, int]:
    """Count the pairs of a rule's blocks that both have each column: what few pairs say must not outweigh the prior."""
    counts = ", ".join(f"count({column}) as {column}" for column in columns)
    sums = ", ".join(f"coalesce(sum({column} * ({column} - 1) // 2), 0)::bigint" for column in columns)
    known = " and ".join(f"{column} is not null" for column in rule)
    row = connection.execute(
        f"select {sums} from (select {counts} from {source} where {known} group by {', '.join(rule)}) as block"
    ).fetchone()
    return dict(zip(columns, row or [0] * len(columns), strict=True))


def _shift_prior(connection: duckdb.DuckDBPyConnection, model: Model, all_pairs: float) -> None:
    """Find the share of pairs that are one at which the scores sum to it, and move the scores there."""
    scored = connection.execute("select match_weight from identity_scored").fetchnumpy()["match_weight"]
    ratio = np.asarray(scored, dtype=float) - np.log2(model.prior / (1 - model.prior))
    old, prior = model.prior, model.prior
    for _ in range(20):
        odds = np.log2(prior / (1 - prior))
        prior = float(np.clip((1 / (1 + np.exp2(-np.clip(ratio + odds, -60, 60)))).sum() / all_pairs, 1e-12, 0.5))
    model.prior = scorer.settled(prior)
    shift = np.log2(model.prior / (1 - model.prior)) - np.log2(old / (1 - old))
    connection.execute(f"update identity_scored set match_weight = match_weight + ({shift})")


def shares_something(model: Model) -> str:
    """Give the SQL condition under which a scored pair shares an address, a phone or an e-mail."""
    tops = [f"gamma_{c.column} = {len(c.levels) - 1}" for c in model.comparisons if c.column in SHARED]
    return f"({' or '.join(tops)})" if tops else "false"


def _learn_household(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Part the pairs that share something into pairs of one and pairs of one household, by their patterns."""
    names = [c.column for c in model.comparisons]
    known = "".join(f" and gamma_{c} >= 0" for c in ("given_name", "birth_date") if c in names)
    found = connection.execute(
        f"select {', '.join(f'gamma_{name}' for name in names)}, count(*) as pairs from identity_scored "
        f"where {shares_something(model)}{known} group by all order by all"
    ).fetchnumpy()
    pairs = np.asarray(found["pairs"], dtype=float)
    level = {name: np.asarray(found[f"gamma_{name}"], dtype=np.int64) for name in names}
    guess = {c.column: (_flip(model.same[c.column]), _household_guess(c, model)) for c in model.comparisons}
    same, house = ({n: _normal(guess[n][side] + 1e-4) for n in names} for side in (0, 1))
    share = 0.5
    for _ in range(60 if len(pairs) else 0):
        one, two = np.full(len(pairs), np.log(share)), np.full(len(pairs), np.log(1 - share))
        for name in names:
            seen = level[name] >= 0
            one += np.where(seen, np.log(same[name])[level[name]], 0)
            two += np.where(seen, np.log(house[name])[level[name]], 0)
        belief = 1 / (1 + np.exp(np.clip(two - one, -60, 60)))
        share = float(np.clip(((belief * pairs).sum() + 5) / (pairs.sum() + 10), 0.001, 0.999))
        for name in names:
            seen, size = level[name] >= 0, len(same[name])
            weigh = {0: (belief * pairs)[seen], 1: ((1 - belief) * pairs)[seen]}
            same[name] = _normal(np.bincount(level[name][seen], weigh[0], size) + 5 * guess[name][0] + 1e-4)
            house[name] = _normal(np.bincount(level[name][seen], weigh[1], size) + 20 * guess[name][1] + 1e-4)
    model.seen = {name: _flip(same[name]).tolist() for name in names}
    if len(pairs):
        model.seen_pairs = {n: float((belief * pairs)[level[n] >= 0].sum()) for n in names}
    model.household = {n: _flip(np.log2(same[n] / house[n])).tolist() for n in names}
    model.household_prior = float(np.log2(share / (1 - share)))


def _flip(values: Sequence[float] | Reals) -> Reals:
    return np.asarray(values, dtype=float)[::-1]


def _household_guess(comparison: Comparison, model: Model) -> Reals:
    """Guess how members of a household differ: by name and birth date as a rule, by address not at all."""
    size = len(comparison.levels)
    if comparison.column == "street":
        return _flip(model.same["street"])
    guess = np.ones(size)
    guess[0] = 20.0 * size if comparison.differs_in_household else 1.0
    return _normal(guess)


def threshold(odds: Reals) -> float:
    """Find the lowest odds (log2, at least 0) from which a pair is taken for one; of equal odds all are or none.

    Above it, 2 in 1,000 pairs, or a quarter of one, are expected wrong; or, where records are so poor that many of one
    stay apart, one pair for every 10 that are expected to be missed.
    """
    ordered = np.sort(odds)[::-1]
    right = 1 / (1 + np.exp2(-np.clip(ordered, -60, 60)))
    linked = np.arange(1, len(ordered) + 1)
    allowed = np.maximum((1 - _EXPECTED_PRECISION) * linked, 0.25)
    allowed = np.maximum(allowed, _WRONG_PER_MISSED * (right.sum() - np.cumsum(right)))
    good = np.flatnonzero((np.cumsum(1 - right) <= allowed) & (ordered >= 0))
    if len(good):
        return float(ordered[good[-1]])
    return 4.0 if (odds >= 0).any() else 1.0
