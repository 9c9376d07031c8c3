"""Which pairs of records are looked at: those that agree on one of a few rules.

Belongs here: the rules in question, counting what each costs, and writing the pairs. Does not belong here: judging
the pairs (`training.py`, `matching.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product
from math import prod

import duckdb

# From the most telling to the loosest; a rule is kept while the pairs that it brings fit the budget. After a rule that
# many records make too loose stand narrower ones, which are left out where it is kept.
RULES: tuple[tuple[str, ...], ...] = (
    ("email",), ("phone",), ("tax_code",), ("given_name", "family_name"), ("given_name", "family_name", "postcode"),
    ("given_name", "family_name", "birth_date[1:4]"), ("given_name", "birth_date"), ("family_name", "birth_date"),
    ("birth_date", "postcode"), ("street", "postcode"), ("given_name", "street", "postcode"),
    ("family_name", "street", "postcode"), ("family_name", "postcode"), ("given_name", "postcode"), ("birth_date",),
    ("house_number", "postcode"),
    ("substr(given_name, 1, 2)", "substr(family_name, 1, 2)", "birth_date[1:4]"),
    ("least(given_name, family_name)", "greatest(given_name, family_name)"),
    ("substr(given_name, 1, 1)", "birth_date[6:10]"), ("substr(family_name, 1, 1)", "birth_date[6:10]"),
    ("substr(given_name, 1, 1)", "family_name", "birth_date[6:10]"), ("email_local",),
    ("substr(given_name, 1, 1)", "birth_date[1:7]"), ("substr(family_name, 1, 1)", "birth_date[1:7]"),
    ("birth_date[1:7]", "postcode"), ("birth_date[1:4]", "postcode"), ("birth_date[6:10]", "postcode"),
    ("substr(tax_code, 1, 5)",), ("substr(tax_code, -5)",), ("substr(phone, -6)",), ("substr(email_local, 1, 7)",),
    ("street_words",), ("house_number", "substr(street, 1, 6)"), ("house_number", "birth_date[1:4]"),
    ("substr(given_name, 1, 1)", "postcode"), ("substr(family_name, 1, 1)", "postcode"),
    ("given_name", "birth_date[1:4]"), ("family_name", "birth_date[1:4]"), ("family_name", "city"),
    ("substr(given_name, 1, 2)", "substr(family_name, 1, 2)"), ("substr(given_name, 1, 1)", "family_name"),
    ("given_name", "substr(family_name, 1, 1)"), ("given_name", "city"), ("birth_date[6:10]",), ("birth_date[1:7]",),
    ("family_name",), ("house_number", "city"), ("substr(family_name, 1, 3)", "birth_date[1:4]"),
    ("substr(given_name, 1, 3)", "birth_date[1:4]"), ("substr(street, 1, 6)", "city"),
)  # fmt: skip
# Where so much is missing or mistyped that many pairs of one agree on no rule, these are asked too.
LOOSER: tuple[tuple[str, ...], ...] = (
    ("postcode",), ("given_name",), ("street",), ("substr(tax_code, 1, 3)",), ("substr(tax_code, -3)",),
    ("substr(postcode, 1, 3)", "birth_date[1:4]"), ("house_number", "substr(given_name, 1, 1)"),
    ("house_number", "substr(family_name, 1, 1)"), ("substr(street, 1, 6)",), ("city", "birth_date[1:4]"),
    ("substr(tax_code, 3, 3)",),
)  # fmt: skip
LEAST_BUDGET, BUDGET_A_RECORD = 150_000, 6
LEAST_RECALL = 0.98
"""Where the rules are expected to bring fewer of the pairs of one, looser ones are asked too."""
_OF_COLUMN = {"email_local": "email"} | dict.fromkeys(("street_words", "house_number", "postcode", "city"), "street")


def expected_recall(rules: Iterable[tuple[str, ...]], agree: Mapping[str, float]) -> float:
    """Tell which share of the pairs of one agree on at least one rule, if their columns agree independently.

    A part of a column is taken to agree where the whole does, so this is the least to expect.

    Args:
        rules: as in `RULES`.
        agree: share of the pairs of one that have a column both, and the same in it, by column compared.
    """
    columns, recall = sorted(agree), 0.0
    words = [{_OF_COLUMN.get(word, word) for part in rule for word in re.findall("[a-z_]+", part)} for rule in rules]
    needed = [each for each in words if each <= set(columns)]
    for pattern in product((False, True), repeat=len(columns)):
        agreeing = {column for column, is_equal in zip(columns, pattern, strict=True) if is_equal}
        if any(need <= agreeing for need in needed):
            recall += prod(agree[c] if c in agreeing else 1 - agree[c] for c in columns)
    return recall


def choose_rules(
    connection: duckdb.DuckDBPyConnection, party: str, records: int, *, is_poor: bool = False
) -> dict[tuple[str, ...], int]:
    """Count the pairs of each rule among a party's records and keep those that fit the budget: rule to pairs.

    Of poor records more pairs are looked at: eight times the least, or twice as many a record.
    """
    budget = max(LEAST_BUDGET, BUDGET_A_RECORD * records)
    if is_poor:
        budget = max(8 * LEAST_BUDGET, 2 * budget)
    left, kept = budget, dict[tuple[str, ...], int]()
    for rule in RULES + LOOSER if is_poor else RULES:
        if any(set(looser) < set(rule) for looser in kept):
            continue
        pairs = _count(connection, party, rule)
        if 0 < pairs <= min(left, budget // 2):
            kept[rule] = pairs
            left -= pairs
    return kept


def _count(connection: duckdb.DuckDBPyConnection, party: str, rule: tuple[str, ...]) -> int:
    known = " and ".join(f"{column} is not null" for column in rule)
    row = connection.execute(
        f"select coalesce(sum(held * (held - 1) // 2), 0)::bigint from (select count(*) as held from identity_feature "
        f"where party = ? and {known} group by {', '.join(rule)}) as block",
        [party],
    ).fetchone()
    return int(row[0]) if row else 0


def write_pairs(
    connection: duckdb.DuckDBPyConnection, source: str, rules: Mapping[tuple[str, ...], int], changed: str | None = None
) -> int:
    """Write the table `identity_candidate` (record_id_l < record_id_r) and return its rows.

    Args:
        connection: with the table `source`, rows as in `identity_feature`.
        source: the records to pair.
        rules: the blocking rules.
        changed: a table of `record_id`; only pairs with at least one of them are written. All pairs if absent.
    """
    # A statement a rule: the joins of one statement all hold their memory at once, half a gigabyte for few records.
    connection.execute("create or replace temp table identity_blocked (record_id_l bigint, record_id_r bigint)")
    ours = source
    if changed:
        ours = "identity_ours"
        connection.execute(
            f"create or replace temp table {ours} as "
            f"select * from {source} where record_id in (select record_id from {changed})"
        )
    for rule in rules:
        keys = ", ".join(f"{column} as key_{place}" for place, column in enumerate(rule))
        known = " and ".join(f"{column} is not null" for column in rule)
        names = ", ".join(f"key_{place}" for place in range(len(rule)))
        order = "l.record_id <> r.record_id" if changed else "l.record_id < r.record_id"
        connection.execute(
            "insert into identity_blocked select least(l.record_id, r.record_id), greatest(l.record_id, r.record_id) "
            f"from (select record_id, {keys} from {ours} where {known}) as l "
            f"inner join (select record_id, {keys} from {source} where {known}) as r using ({names}) where {order}"
        )
    connection.execute(
        "create or replace temp table identity_candidate as select distinct record_id_l, record_id_r "
        "from identity_blocked"
    )
    for table in ("identity_blocked", "identity_ours"):
        connection.execute(f"drop table if exists {table}")
    row = connection.execute("select count(*) from identity_candidate").fetchone()
    return int(row[0]) if row else 0
