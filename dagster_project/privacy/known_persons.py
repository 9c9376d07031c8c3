"""What is known of persons, found in texts that are taken apart into words: names, streets, handles, tax codes.

Belongs here: whose words they are. What becomes of them, and what is told by its form alone, is in `masking.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from dagster_project.database import tables
from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.pseudonym import install
from dagster_project.privacy.tombstones import TABLE, Identifier

WORD = r"[\pL\pN][\pL\pM\pN]*"
FOUND = "masking_found"
"""Temporary table: `text_id`, `place` of the first word, `length` in words, `mask`."""
LONGEST = 6
"""Words of an erased person's name or street; longer ones are found by their first ones."""

# A person may write his name either way round. Of a street the number may be missing; a street of one word is told from
# others by its number alone.
_SAID = {
    "stg_customers__history": """
        select full_name as said, 'name' as mask from {table} where party_type is distinct from 'organisation'
        union all select given_name || ' ' || family_name, 'name' from {table}
        union all select family_name || ' ' || given_name, 'name' from {table}
        union all select organisation_name, 'name' from {table}
        union all select street, 'address' from {table}
        union all
        select regexp_replace(street, '^[0-9]+[a-z]?,? +|,? +[0-9]+ ?[a-zA-Z]?$', '', 'g'), 'address' from {table}
        union all select tax_code, 'tax code' from {table}""",
    "stg_leads": "select full_name as said, 'name' as mask from {table}",
    "stg_agents": "select name as said, 'name' as mask from {table}",
    "stg_social_accounts": """
        select display_name as said, 'name' as mask from {table} where account_kind = 'person'
        union all select handle, 'handle' from {table} where account_kind = 'person'""",
}
_NAMES = {
    "stg_customers__history": """
        select unnest([given_name, family_name,
            case when party_type is distinct from 'organisation' then full_name end]) as said from {table}""",
    "stg_leads": "select full_name as said from {table}",
    "stg_agents": "select name as said from {table}",
}
# What is published elsewhere names no person: a brand may be called like one, and a town.
_PUBLIC = {
    "dim_product": ("name", "brand", "department", "category", "subcategory", "supplier"),
    "dim_campaign": ("name", "coupon_code"),
    "dim_partner": ("name",),
    "dim_store": ("name", "city"),
    "dim_topic": ("topic",),
    "dim_customer": ("city", "region"),
}


def install_fold(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the macro `words_of(text)`: its words without capitals and accents, as names are compared."""
    connection.execute(
        "create or replace temp macro words_of(said) as "
        f"regexp_extract_all(replace(strip_accents(lower(said)), 'ß', 'ss'), '{WORD}')"
    )


def kept_handles(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Name the accounts of the company and its competitors, written as patterns: they are no persons."""
    if "stg_social_accounts" not in tables(connection, "staging"):
        return []
    rows = connection.execute(
        "select distinct regexp_escape(handle) from staging.stg_social_accounts where account_kind <> 'person'"
    ).fetchall()
    return [handle for (handle,) in rows]


def bring_found(connection: duckdb.DuckDBPyConnection, key: PseudonymKey | None) -> None:
    """Fill `masking_found` with everything known of persons that stands in `masking_word`."""
    connection.execute(
        f"create or replace temp table {FOUND} (text_id bigint, place bigint, length bigint, mask varchar)"
    )
    _find_phrases(connection)
    _find_single_names(connection)
    for secret in (key.current, *key.retired) if key and "_tombstone" in tables(connection, "raw") else ():
        _find_erased(connection, secret)


# Narrow, for every word of every text goes through it: what was found goes back for its text.
_WORDS = """(
    select rowid as text_id, unnest(words) as word, generate_subscripts(words, 1) as place from masking_text
)"""


def _find_phrases(connection: duckdb.DuckDBPyConnection) -> None:
    """Find what is known in several words, or in one that has a figure, in any case of letters."""
    said = _from_staging(connection, _SAID)
    if not said:
        return
    connection.execute(
        f"""create or replace temp table masking_phrase as
        select array_to_string(words, ' ') as phrase, min(words[1]) as first_word, min(len(words)) as length,
            min(mask) as mask
        from (
            select words_of(said) as words, mask from (select distinct said, mask from ({said}) as known) as once
        ) as apart
        where len(words) > 1 or regexp_matches(words[1], '[0-9]') and length(words[1]) > 4
        group by phrase"""
    )
    connection.execute(
        f"""insert into {FOUND}
        select said.text_id, said.place, said.length, phrase.mask
        from (
            select opening.*, array_to_string(texts.words[place:place + length - 1], ' ') as phrase
            from (
                select text_id, place, length from {_WORDS} as words
                inner join (select distinct first_word, length from masking_phrase) as known
                    on words.word = known.first_word
            ) as opening
            inner join masking_text as texts on texts.rowid = opening.text_id
        ) as said
        inner join masking_phrase as phrase on phrase.phrase = said.phrase"""
    )
    connection.execute("drop table masking_phrase")


def _find_single_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Find a given name or a surname alone, written with a capital.

    Not where it is an everyday word, which texts write small at least as often, or one of what is published elsewhere.
    """
    said = _from_staging(connection, _NAMES)
    if not said:
        return
    there = set(tables(connection, "warehouse"))
    public = [f"select {c} as said from warehouse.{t}" for t, columns in _PUBLIC.items() if t in there for c in columns]
    connection.execute(
        f"""insert into {FOUND}
        with name as (
            select unnest(words_of(said)) as word from (select distinct said from ({said}) as known) as once
            except
            select unnest(words_of(said)) from ({" union ".join(public) or "select '' as said"}) as known
        ),
        used as (
            select named.*, regexp_extract_all(texts.text, '{WORD}')[place] as written
            from (
                select * from {_WORDS} as words where length(word) > 2 and word in (select word from name)
            ) as named
            inner join masking_text as texts on texts.rowid = named.text_id
        ),
        everyday as (
            select word from used
            group by word having 2 * count(*) filter (written[1] = lower(written[1])) >= count(*)
        )
        select text_id, place, 1, 'name' from used
        where written[1] <> lower(written[1]) and word not in (select word from everyday)"""
    )


def _find_erased(connection: duckdb.DuckDBPyConnection, secret: bytes) -> None:
    """Find the names and streets of erased persons, of which only keyed hashes are left.

    Each different word is hashed once; only where words of theirs stand side by side is the phrase hashed too.
    """
    install(connection, secret)
    connection.execute(
        f"""insert into {FOUND}
        with theirs as (
            select word from (select distinct word from {_WORDS} as words) as known
            where keyed_hash('word:' || word) in (select identifier_hash from {TABLE})
        ),
        used as (
            select named.text_id, named.place, texts.words
            from (select * from {_WORDS} as words where word in (select word from theirs)) as named
            inner join masking_text as texts on texts.rowid = named.text_id
        ),
        phrase as (
            select text_id, place, length, array_to_string(words[place:place + length - 1], ' ') as said
            from (select *, unnest(range(2, {LONGEST} + 1)) as length from used) as opening
            where place + length - 1 <= len(words)
        ),
        found as (
            select said from (select distinct said from phrase) as known
            where keyed_hash('phrase:' || said) in (select identifier_hash from {TABLE})
        )
        select text_id, place, length, 'name' from phrase where said in (select said from found)"""
    )


def phrases_of(connection: duckdb.DuckDBPyConnection, said: Iterable[str]) -> list[Identifier]:
    """Give what tombstones need so that texts which say this of a person are masked when he is gone."""
    install_fold(connection)
    rows = connection.execute(
        f"""select words_of(said)[:{LONGEST}]
        from (select unnest(cast(? as varchar[])) as said) as known where regexp_matches(said, '\\pL')""",
        [list(said)],
    ).fetchall()
    found = {
        Identifier("phrase", "", " ".join(order))
        for (words,) in rows if len(words) > 1 for order in (words, words[::-1] if len(words) == 2 else words)
    }  # fmt: skip
    return sorted(
        found | {Identifier("word", "", word) for phrase in found for word in phrase.value.split()},
        key=lambda identifier: (identifier.kind, identifier.value),
    )


def _from_staging(connection: duckdb.DuckDBPyConnection, queries: dict[str, str]) -> str:
    there = set(tables(connection, "staging"))
    return " union all ".join(q.format(table=f"staging.{table}") for table, q in queries.items() if table in there)
