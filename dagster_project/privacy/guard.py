"""The guard at the door: a batch is held against the tombstones before any of it is stored.

Belongs here: what becomes of a batch's rows that name an erased person, accepted or refused. Nothing of him reaches the
warehouse's file, where even a row that is deleted at once would stay in freed blocks.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from dagster_project import clock
from dagster_project.privacy.key import PseudonymKey, key_name
from dagster_project.privacy.pseudonym import install
from dagster_project.privacy.tombstones import ERASED, TABLE, FeedClasses, Identifier, bury, take_out
from dagster_project.settings import StellaError

# What may stand for an identifier in a refused row, whose columns may be anything: each value as it is, each word of
# it, and what is written like a telephone number, of several words.
_TOKENS = r"""
json_extract_string(_raw, '$.*')
|| regexp_extract_all(cast(_raw as varchar), '[^\s",;:|<>(){}\[\]\\]+')
|| regexp_extract_all(cast(_raw as varchar), '[+]?[0-9][0-9 ()./-]{4,}[0-9]')
"""
_MESSAGES = """
case when token like '%_@_%' then ['email:' || lower(trim(token))] else [] end
|| case when regexp_matches(token, '^[+]?[0-9][0-9 ()./-]{4,}[0-9]$')
    then ['phone:' || regexp_replace(token, '[^0-9]', '', 'g')] else [] end
|| ['handle:' || lower(ltrim(trim(token), '@')), 'visitor:' || token, 'device:' || token]
|| list_transform(_systems, lambda system: 'record:' || system || '|' || token)
|| list_transform(_systems, lambda system: 'lead:' || system || '|' || token)
"""
_NAMING = f"""(
    select _row from refused_token where message in (
        select message from (select distinct message from refused_token) as said
        where keyed_hash(message) in (select identifier_hash from {TABLE})
    )
)"""


@dataclass(frozen=True)
class Guard:
    """Keeps everyone with a tombstone out of the batches of one feed."""

    feed: FeedClasses
    key: PseudonymKey

    def keep_out(self, connection: duckdb.DuckDBPyConnection, relation: str) -> None:
        """Take him out of rows that have the contract's columns: they go, or stay for accounting without him."""
        for secret in (self.key.current, *self.key.retired):
            install(connection, secret)
            take_out(connection, relation, self.feed, self.feed.columns)

    def blank_refused(self, connection: duckdb.DuckDBPyConnection, relation: str, system: str = "null") -> int:
        """Blank refused rows that name him, whatever their columns; they stay for the accounts. Returns how many.

        Args:
            connection: the open warehouse.
            relation: a table with `_raw` (the row as it came, JSON) and `_message`.
            system: the expression of the row's source system; where it is null, every known one is tried.
        """
        connection.execute(f"create or replace temp table refused_token as {self._tokens(relation, system)}")
        rows = 0
        for secret in (self.key.current, *self.key.retired):
            install(connection, secret)
            done = connection.execute(
                f"update {relation} set _raw = to_json('{ERASED}'), _message = '{ERASED}' where rowid in {_NAMING}"
            ).fetchone()
            rows += int(done[0]) if done else 0
        connection.execute("drop table temp.refused_token")
        return rows

    def refused(self, connection: duckdb.DuckDBPyConnection, relation: str) -> list[dict[str, object]]:
        """Read the refused rows that name somebody with a tombstone, made with the key in force."""
        connection.execute(f"create or replace temp table refused_token as {self._tokens(relation, 'null')}")
        install(connection, self.key.current)
        found = connection.execute(f"select * from {relation} where rowid in {_NAMING}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _tokens(self, relation: str, system: str) -> str:
        """Write the select of all that a refused row may mean: `_row`, `message`."""
        known = "select ''"
        if "source_system" in self.feed.columns:
            known += f" union select distinct coalesce(source_system, '') from raw.{self.feed.name}"
        return f"""
with known as (select list(system) as _known from ({known}) as one (system)),
tokens as (
    select rowid as _row, cast({system} as varchar) as _system, unnest(list_distinct({_TOKENS})) as token
    from {relation}
),
placed as (
    select _row, token, case when _system is null then _known else [_system] end as _systems
    from tokens cross join known
    where token is not null
)
select _row, unnest({_MESSAGES}) as message from placed"""


def refused_of(
    connection: duckdb.DuckDBPyConnection, feeds: Iterable[FeedClasses], identifiers: Iterable[Identifier]
) -> dict[str, list[dict[str, object]]]:
    """Read the refused rows that name a person, by feed; changes nothing."""
    once = PseudonymKey(secrets.token_bytes(32))
    connection.execute("begin")
    try:
        bury(connection, identifiers, once, clock.now())
        return {
            feed.name: rows
            for feed in feeds
            if (rows := Guard(feed, once).refused(connection, f"quarantine.{feed.name}"))
        }
    finally:
        connection.execute("rollback")


def guard_of(connection: duckdb.DuckDBPyConnection, feed: FeedClasses, key: PseudonymKey | None) -> Guard | None:
    """Post the guard of a feed; none where nobody has a tombstone.

    Raises:
        StellaError: a tombstone was made with a key that is not given, so that it would keep nobody out.
    """
    there = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = '_tombstone'"
    ).fetchone()
    if there is None:
        return None
    made_with = {name for (name,) in connection.execute(f"select distinct key_name from {TABLE}").fetchall()}
    if not made_with:
        return None
    given = {key_name(secret) for secret in (key.current, *key.retired)} if key else set()
    missing = sorted(made_with - given - {None})
    if missing or key is None:
        raise StellaError(
            f"The tombstones of erased persons were made with the key {', '.join(missing)}, which is not given: "
            "whoever was erased would come back. Put it into STELLA_RETIRED_PSEUDONYM_KEYS. Nothing was loaded."
        )
    return Guard(feed, key)
