"""What two records say for and against being one person, asked once of each pair and remembered.

Belongs here: what contradicts a link and what confirms it, and the table `intermediate.identity_judgement`, a cache.
Does not belong here: which pairs are asked (`rules.py`, `components.py`) and what follows (`components.py`).

A pair is known by what the registry says of its two records (`said`, see `registry.py`): as soon as it says something
else of one of them, this is another pair. The cache holds hashes only.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable

import duckdb

from dagster_project.identity.registry import REGISTRY

JUDGEMENT = "intermediate.identity_judgement"
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
_AGREEMENT = """{l}.tax_code = {r}.tax_code
    or ({l}.given_name = {r}.given_name and {l}.birth_date = {r}.birth_date)"""
_TAX_CODES_APART = """case when {l}.tax_code = {r}.tax_code then false
    else damerau_levenshtein({l}.tax_code, {r}.tax_code) > 1 end"""
_SAYS = {
    **_CONTRADICTIONS, "agreement": _AGREEMENT, "two_accounts": _TWO_ACCOUNTS, "tax_codes_apart": _TAX_CODES_APART,
}  # fmt: skip
_VERSION = zlib.crc32(repr(_SAYS).encode())
_TABLES = f"""
create table if not exists {JUDGEMENT} (
    said_one ubigint not null, said_other ubigint not null, says usmallint not null, version uinteger not null
);
delete from {JUDGEMENT} where version <> {_VERSION};
create or replace temp table identity_judged (said_one ubigint, said_other ubigint)
"""


def judgement(left: str, right: str) -> str:
    """Give the SQL expression of what two rows of `identity_registry` say: a bit each, set where it is true.

    Contradictions: different tax code, kind of party or gender; given names that no short form or slip explains; birth
    dates that are not one slip apart; where a given name is missing, full names of which neither contains the other.
    What is unknown contradicts nothing.
    """
    bits = [f"(case when {condition} then {_bit(name)} else 0 end)" for name, condition in _SAYS.items()]
    return f"({' | '.join(bits)})".format(l=left, r=right)


def contradiction(says: str, unreliable: Collection[str] = ()) -> str:
    """Give the SQL condition under which two records cannot be one person, by what they say.

    What is contradicted by a column that is called unreliable is not.
    """
    return _any(says, _CONTRADICTIONS.keys() - set(unreliable))


def strong_contradiction(says: str, unreliable: Collection[str] = ()) -> str:
    """Give the SQL condition under which no likelihood makes one person of two records, by what they say.

    Tax codes more than a slip apart; another birth date with another given name; two live accounts in one system of
    which tax code, kind of party, gender or birth date contradict each other.
    """
    counted = _CONTRADICTIONS.keys() - set(unreliable)
    strong = [f"({_any(says, ['two_accounts'])} and {_any(says, counted & set(_OF_AN_ACCOUNT))})"]
    if "tax_code" in counted:
        strong.append(_any(says, ["tax_codes_apart"]))
    if {"birth_date", "given_name"} <= counted:
        strong.append(f"({_any(says, ['birth_date'])} and {_any(says, ['given_name'])})")
    return f"({' or '.join(strong)})"


def agreement(says: str) -> str:
    """Give the SQL condition under which two records share a tax code, or given name and birth date."""
    return _any(says, ["agreement"])


def _any(says: str, names: Iterable[str]) -> str:
    return f"({says} & {sum(map(_bit, names))} <> 0)"


def _bit(name: str) -> int:
    return 1 << list(_SAYS).index(name)


def open_judgements(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the cache if it is not there yet, empty it of another version's, and begin to note what is used."""
    connection.execute(_TABLES)


def judge(connection: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Judge the pairs of a table that no run has judged yet.

    Args:
        connection: with the registry read.
        pairs: a table with `said_one` < `said_other`.
    """
    connection.execute(f"insert into identity_judged select distinct said_one, said_other from {pairs}")
    connection.execute(f"""
        insert into {JUDGEMENT}
        select said_one, said_other, {judgement("l", "r")}, {_VERSION}
        from (
            select distinct said_one, said_other from {pairs}
            anti join {JUDGEMENT} using (said_one, said_other)
        ) as unjudged
        inner join {REGISTRY} as l on unjudged.said_one = l.said
        inner join {REGISTRY} as r on unjudged.said_other = r.said""")


def forget_unasked(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the pairs that this run did not ask about."""
    connection.execute(f"""delete from {JUDGEMENT} as former where not exists (
        select 1 from identity_judged as judged
        where former.said_one = judged.said_one and former.said_other = judged.said_other
    )""")
    connection.execute("drop table identity_judged")
