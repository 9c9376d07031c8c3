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

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import duckdb

# Given names that can be one person's: equal, an initial or short form, or one slip of the pen (a letter too many
# or too few, two letters swapped) that leaves the ending alone. Another letter in place of one makes another name:
# Mario, Marco, Maria.
_SAME_GIVEN_NAME = """(
    {l}.given_name = {r}.given_name
    or ((length({l}.given_name) <> 2 and starts_with({r}.given_name, {l}.given_name))
        or (length({r}.given_name) <> 2 and starts_with({l}.given_name, {r}.given_name)))
    or (least(length({l}.given_name), length({r}.given_name)) >= 4
        and right({l}.given_name, 1) = right({r}.given_name, 1)
        and (length({l}.given_name) <> length({r}.given_name)
            or list_sort(string_split({l}.given_name, '')) = list_sort(string_split({r}.given_name, '')))
        and damerau_levenshtein({l}.given_name, {r}.given_name) = 1)
)"""
# Birth dates one slip apart: day and month swapped, or one digit wrong.
_NEAR_BIRTH_DATE = """(
    (day({l}.birth_date) = month({r}.birth_date) and month({l}.birth_date) = day({r}.birth_date)
        and year({l}.birth_date) = year({r}.birth_date))
    or hamming({l}.birth_date::text, {r}.birth_date::text) <= 1
)"""
_SAME_IN_PART = """(
    year({l}.birth_date) = year({r}.birth_date)
    or (month({l}.birth_date) = month({r}.birth_date) and day({l}.birth_date) = day({r}.birth_date))
)"""
# By the column that must be trustworthy for it to count; a birth date wrong in part is more often a mistake. Most pairs
# agree: the branches of a case, unlike the sides of an `or`, are worked out for the rows only that come to them.
_CONTRADICTIONS = {
    "tax_code": "{l}.tax_code <> {r}.tax_code",
    "party_type": "{l}.party_type <> {r}.party_type",
    "gender": "{l}.gender <> {r}.gender",
    "given_name": f"case when {{l}}.given_name = {{r}}.given_name then false else not {_SAME_GIVEN_NAME} end",
    "birth_date": f"""case when {{l}}.birth_date = {{r}}.birth_date then false
        else not {_SAME_IN_PART} and not {_NEAR_BIRTH_DATE} end""",
    "birth_date_in_part": f"""case when {{l}}.birth_date = {{r}}.birth_date then false
        else {{l}}.birth_date <> {{r}}.birth_date and {_SAME_IN_PART} and not {_NEAR_BIRTH_DATE} end""",
    "family_name": """case when {l}.given_name is null or {r}.given_name is null then
        not list_has_all({l}.name_words, {r}.name_words) and not list_has_all({r}.name_words, {l}.name_words)
        else false end""",
}
# What each of a system's own accounts knows of its holder; a given name may be a short form in one of them.
_OF_AN_ACCOUNT = ("tax_code", "party_type", "gender", "birth_date")
_TWO_ACCOUNTS = "{l}.is_live and {r}.is_live and {l}.source_system = {r}.source_system"
_AGREEMENT = """coalesce(
    {l}.tax_code = {r}.tax_code
    or ({l}.given_name = {r}.given_name and {l}.birth_date = {r}.birth_date), false)"""


def contradiction(left: str, right: str, unreliable: Collection[str] = ()) -> str:
    """Give the SQL condition under which two rows of `identity_record` cannot be one person.

    Different tax code, kind of party or gender; given names that no short form or slip explains; birth dates that
    are not one slip apart; where a given name is missing, full names of which neither contains the other. What is
    unknown contradicts nothing, nor does a column that is called unreliable.
    """
    counted = [condition for column, condition in _CONTRADICTIONS.items() if column not in unreliable]
    return f"coalesce({' or '.join(counted)}, false)".format(l=left, r=right)


def strong_contradiction(left: str, right: str, unreliable: Collection[str] = ()) -> str:
    """Give the SQL condition under which no likelihood makes one person of two rows of `identity_record`.

    Tax codes more than a slip apart; another birth date with another given name; two live accounts in one system of
    which tax code, kind of party, gender or birth date contradict each other.
    """
    counted = {column: condition for column, condition in _CONTRADICTIONS.items() if column not in unreliable}
    accounts = [counted[column] for column in _OF_AN_ACCOUNT if column in counted]
    strong = [f"({_TWO_ACCOUNTS} and ({' or '.join(accounts)}))"] if accounts else []
    if "tax_code" in counted:
        strong.append("""case when {l}.tax_code = {r}.tax_code then false
            else damerau_levenshtein({l}.tax_code, {r}.tax_code) > 1 end""")
    if {"birth_date", "given_name"} <= counted.keys():
        strong.append(f"({counted['birth_date']} and {counted['given_name']})")
    return f"coalesce({' or '.join(strong) or 'false'}, false)".format(l=left, r=right)


def agreement(left: str, right: str) -> str:
    """Give the SQL condition under which two rows share a tax code, or given name and birth date."""
    return _AGREEMENT.format(l=left, r=right)


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
        connection.execute(_PAIRS.format(
            max_holders=self.max_holders, contradicts=contradiction("l", "r"), agrees=agreement("l", "r")
        ))  # fmt: skip
        connection.execute(_EDGES)
        connection.execute(_WITHOUT_SYSTEM)
        shared = connection.execute(
            "select rule, count(distinct key) from identity_pair where is_contested group by 1"
        ).fetchall()
        overused = connection.execute(
            f"select rule, count(*) from (select rule, key from identity_holder group by 1, 2 "
            f"having count(*) > {self.max_holders}) as overused group by 1"
        ).fetchall()
        for table in ("identity_pair", "identity_holder"):
            connection.execute(f"drop table {table}")
        return Links(shared=dict(shared), overused=dict(overused))


_HOLDERS = """
create or replace temp table identity_holder as
select 'email' as rule, email as key, node_id from identity_record where email is not null
union all
select 'phone_and_birth_date', phone || ' ' || birth_date, node_id from identity_record
where phone is not null and birth_date is not null
"""
_PAIRS = """
create or replace temp table identity_pair as
with usable as (
    select rule, key from identity_holder group by 1, 2 having count(*) between 2 and {max_holders}
),
holder as (
    select identity_holder.* from identity_holder
    inner join usable on identity_holder.rule = usable.rule and identity_holder.key = usable.key
),
held as (
    select l.rule, l.key, l.node_id as left_node, r.node_id as right_node
    from holder as l
    inner join holder as r on l.rule = r.rule and l.key = r.key and l.node_id < r.node_id
),
-- Two records that share an e-mail and a phone are compared once.
met as (select distinct left_node, right_node from held),
compared as (
    select met.left_node, met.right_node, {contradicts} as is_contradiction, {agrees} as is_strict
    from met
    inner join identity_record as l on met.left_node = l.node_id
    inner join identity_record as r on met.right_node = r.node_id
)
select held.*, compared.is_contradiction, compared.is_strict,
    bool_or(compared.is_contradiction) over (partition by held.rule, held.key) as is_contested
from held
inner join compared on held.left_node = compared.left_node and held.right_node = compared.right_node
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
