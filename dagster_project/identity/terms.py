"""How frequent each name is, and which names are forms of one another, learned from the company's own records.

Belongs here: the table `identity_term` and, by it, `identity_input`, the records of one party ready to be compared.
Does not belong here: remembering the terms from run to run (`memory.py`).

Names are kept as hashes: what is remembered of a name outlives no person.
"""

from __future__ import annotations

import duckdb

KEY = "('0x' || left(md5({}), 15))::bigint"
_DIFFERENT_NAMES = """l.record_id < r.record_id and l.given_name <> r.given_name
    and least(length(l.given_name), length(r.given_name)) > 1 and coalesce(l.gender = r.gender, true)
    and damerau_levenshtein(l.given_name, r.given_name) > 1
    and not contains(l.given_name, r.given_name) and not contains(r.given_name, l.given_name)"""
# Two given names are forms of one if at least two families use both for one person: same family name and birth date,
# or same family name, e-mail and phone. Brothers and sisters share these too, but not twice with the same two names.
_LEARNED = f"""
create or replace temp table identity_term as
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
    select name, list({KEY.format("form")} order by form) as forms
    from (select one as name, other as form from form union all select other, one from form) as both_ways group by 1
),
term as (
    select 'given_name' as column_name, given_name as term, count(*) / sum(count(*)) over () as share
    from party where given_name is not null group by 2
    union all
    select 'family_name', family_name, count(*) / sum(count(*)) over ()
    from party where family_name is not null group by 2
)
select column_name, {KEY.format("term.term")} as term_key, share, coalesce(forms.forms, []) as forms
from term left join forms on term.column_name = 'given_name' and term.term = forms.name
"""
# A name that was not there when the terms were learned is as rare as one that was there once.
_INPUT = f"""
create or replace temp table identity_input as
with party as (
    select *, {KEY.format("given_name")} as given_key, {KEY.format("family_name")} as family_key
    from identity_feature where party = '{{party}}' {{among}}
)
select
    party.*,
    {{records}} as records,
    coalesce(given.forms, []) as forms,
    coalesce(given.share, 1.0 / {{records}}) as tf_given_name,
    coalesce(family.share, 1.0 / {{records}}) as tf_family_name
from party
left join identity_term as given on given.column_name = 'given_name' and party.given_key = given.term_key
left join identity_term as family on family.column_name = 'family_name' and party.family_key = family.term_key
"""


def learn_terms(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """Write `identity_term` from the party's features.

    Columns: `column_name` (given_name, family_name), `term_key` (hash of the name), `share` (of the records that have
    the column), `forms` (hashes of the names that are forms of this one).
    """
    connection.execute(_LEARNED.format(party=party))


def write_input(connection: duckdb.DuckDBPyConnection, party: str, records: int, pairs: str | None = None) -> None:
    """Write `identity_input`: the party's features with the frequencies and forms of `identity_term`.

    Args:
        connection: with `identity_feature` and `identity_term`.
        party: person or organisation.
        records: number of the party's records when the terms were learned.
        pairs: a table of `record_id_l`, `record_id_r`; only the records in it are written. All if absent.
    """
    among = f"and record_id in (select record_id_l from {pairs} union select record_id_r from {pairs})" if pairs else ""
    connection.execute(_INPUT.format(party=party, records=records, among=among))
