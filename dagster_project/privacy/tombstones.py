"""Tombstones: keyed hashes of what identified an erased person, and what they take out of `raw`.

Belongs here: which columns name a person and how, the tables `raw._tombstone` and `raw._erasures`, taking rows out. A
batch is held against them by `guard.py` before any of it is stored; both go the same way.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from dagster_project import clock
from dagster_project.database import row_hash
from dagster_project.privacy.key import PseudonymKey, key_name
from dagster_project.privacy.pseudonym import install, keyed_hash

TABLE = "raw._tombstone"
ERASURES = "raw._erasures"
ERASED = "erased"
"""What stands in the place of a reference that a kept row must have."""

_SYSTEM = "coalesce(source_system, '') || '|' || "
_IDENTIFYING: Mapping[str, tuple[str, str]] = {
    "customer_ref": ("record", _SYSTEM + "{}"),
    "lead_ref": ("lead", _SYSTEM + "{}"),
    "email": ("email", "lower(trim({}))"),
    "phone": ("phone", "regexp_replace({}, '[^0-9]', '', 'g')"),
    "handle": ("handle", "lower(ltrim(trim({}), '@'))"),
    "follower_handle": ("handle", "lower(ltrim(trim({}), '@'))"),
    "followed_handle": ("handle", "lower(ltrim(trim({}), '@'))"),
    "visitor_ref": ("visitor", "{}"),
    "device_ref": ("device", "{}"),
}
_MENTIONS: Mapping[str, tuple[str, str]] = {
    "target_handle": ("handle", "lower(ltrim(trim({}), '@'))"),
    "referred_customer_ref": ("record", _SYSTEM + "{}"),
}
"""Columns of somebody else's row that may name him; the row stays and the name goes."""

_NUMBERS = frozenset({"order_ref", "return_ref", "entry_ref", "contact_ref", "opportunity_ref"})
"""What a company numbers itself and may make out of a person's reference."""


@dataclass(frozen=True)
class FeedClasses:
    """What a contract says of a feed, as far as it matters here.

    `is_kept`: it has money, so its rows stay for accounting, without the person. `columns` are in the contract's order.
    """

    name: str
    is_kept: bool
    personal: frozenset[str]
    required: frozenset[str]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Identifier:
    """One thing that identifies a person; `scope` is the source system or platform where that matters, else empty."""

    kind: str
    scope: str
    value: str

    @property
    def message(self) -> str:
        """What is hashed; the same as the SQL of a row's columns gives."""
        value = self.value
        if self.kind in {"record", "lead"}:
            return f"{self.kind}:{self.scope}|{value}"
        if self.kind == "phone":
            value = "".join(c for c in value if c.isascii() and c.isdigit())
        if self.kind == "email":
            value = value.strip(" ").lower()
        if self.kind == "handle":
            value = value.strip(" ").lstrip("@").lower()
        return f"{self.kind}:{value}"


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of tombstones and erasures."""
    connection.execute(f"create table if not exists {TABLE} (identifier_hash varchar, erased_at timestamptz)")
    connection.execute(f"alter table {TABLE} add column if not exists key_name varchar")
    connection.execute(
        f"create table if not exists {ERASURES} (erasure_id varchar, erased_at timestamptz, removed json, "
        "is_verified boolean)"
    )


def bury(
    connection: duckdb.DuckDBPyConnection, identifiers: Iterable[Identifier], key: PseudonymKey, moment: datetime
) -> int:
    """Set a tombstone for each identifier; returns how many there are."""
    prepare(connection)
    hashes = sorted({keyed_hash(key.current, identifier.message) for identifier in identifiers})
    connection.executemany(
        f"insert into {TABLE} (identifier_hash, erased_at, key_name) values (?, ?, ?)",
        [[h, moment, key_name(key.current)] for h in hashes],
    )
    return len(hashes)


def erased_at(
    connection: duckdb.DuckDBPyConnection, identifiers: Iterable[Identifier], key: PseudonymKey
) -> datetime | None:
    """Tell when somebody was erased who was known by one of these; none if nobody was."""
    prepare(connection)
    hashes = [keyed_hash(secret, i.message) for i in identifiers for secret in (key.current, *key.retired)]
    row = connection.execute(
        f"select max(erased_at) from {TABLE} where identifier_hash in (select unnest(?))", [hashes]
    ).fetchone()
    return row[0] if row else None


def keep_out(connection: duckdb.DuckDBPyConnection, feeds: Iterable[FeedClasses], key: PseudonymKey) -> dict[str, int]:
    """Take everyone with a tombstone out of `raw`; returns the rows removed or blanked, by feed.

    Rows of a feed with money stay, without references to the person and without personal columns.
    """
    taken: dict[str, int] = {}
    for secret in (key.current, *key.retired):
        install(connection, secret)
        for feed in feeds:
            there = _columns(connection, feed.name)
            rows = take_out(connection, f"raw.{feed.name}", feed, there) if there else 0
            if rows:
                taken[feed.name] = taken.get(feed.name, 0) + rows
    return taken


def rows_of(
    connection: duckdb.DuckDBPyConnection, feeds: Iterable[FeedClasses], identifiers: Iterable[Identifier]
) -> dict[str, list[dict[str, object]]]:
    """Read the rows of `raw` that name a person, by feed; changes nothing."""
    once = PseudonymKey(secrets.token_bytes(32))
    connection.execute("begin")
    try:
        bury(connection, identifiers, once, clock.now())
        install(connection, once.current)
        return {feed.name: rows for feed in feeds if (rows := _rows_of(connection, feed))}
    finally:
        connection.execute("rollback")


def _rows_of(connection: duckdb.DuckDBPyConnection, feed: FeedClasses) -> list[dict[str, object]]:
    naming = {c: _IDENTIFYING[c] for c in _columns(connection, feed.name) if c in _IDENTIFYING}
    if not naming:
        return []
    condition = " or ".join(_is_buried(f"raw.{feed.name}", column, form) for column, form in naming.items())
    found = connection.execute(f"select * exclude (_row_hash) from raw.{feed.name} where {condition}")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _columns(connection: duckdb.DuckDBPyConnection, feed: str) -> list[str]:
    rows = connection.execute(
        "select column_name from duckdb_columns() where schema_name = 'raw' and table_name = ? "
        "and database_name = current_database()",
        [feed],
    ).fetchall()
    return [name for (name,) in rows]


def take_out(connection: duckdb.DuckDBPyConnection, relation: str, feed: FeedClasses, there: Iterable[str]) -> int:
    """Remove or blank the rows of a table of a feed's rows that name somebody with a tombstone; returns how many.

    The macros of the pseudonyms are those of the key that the tombstones were made with. `there` are its columns.
    """
    columns = [*(c for c in feed.columns if c in set(there)), "_extra"]
    taken = 0
    for column in sorted(set(columns) & set(_MENTIONS)):
        taken += _blank(connection, relation, feed, columns, {column}, _is_buried(relation, column, _MENTIONS[column]))
    naming = sorted(set(columns) & set(_IDENTIFYING))
    if not naming:
        return taken
    condition = " or ".join(_is_buried(relation, column, _IDENTIFYING[column]) for column in naming)
    if feed.is_kept:
        blanked = {c for c in columns if c in feed.personal or c in naming or c == "_extra"}
        return taken + _blank(
            connection, relation, feed, columns, blanked, condition, _told_by_references(columns, naming)
        )
    done = connection.execute(f"delete from {relation} where {condition}").fetchone()
    return taken + (int(done[0]) if done else 0)


def _blank(
    connection: duckdb.DuckDBPyConnection, relation: str, feed: FeedClasses, columns: list[str], blanked: set[str],
    condition: str, replaced: Mapping[str, str] | None = None,
) -> int:  # fmt: skip
    """Blank columns, and hash the row anew: whoever guesses what was there must not find it confirmed by the hash."""
    values = {c: f"'{ERASED}'" if c in feed.required else "null" for c in sorted(blanked)}
    values |= {c: value for c, value in (replaced or {}).items() if c not in blanked}
    rest = row_hash([values.get(c, f'"{c}"') for c in columns[:-1]], values.get("_extra", "_extra"))
    sets = ", ".join(f'"{c}" = {value}' for c, value in values.items())
    done = connection.execute(f"update {relation} set {sets}, _row_hash = {rest} where {condition}").fetchone()
    return int(done[0]) if done else 0


def _told_by_references(columns: Iterable[str], naming: Iterable[str]) -> dict[str, str]:
    """Write what becomes of a row's own references: many a company makes an order's out of its customer's.

    One that has a word of what names him becomes a keyed hash, the same in every feed, so that rows still find one
    another.
    """
    return {
        column: f"case when {' or '.join(_is_part(name, column) for name in naming)} "
        f'then \'{ERASED}-\' || left(keyed_hash("{column}"), 24) else "{column}" end'
        for column in columns
        if column in _NUMBERS
    }


def _is_part(name: str, column: str) -> str:
    part, whole = f'lower("{name}")', f'lower("{column}")'
    return (
        f"coalesce(list_contains(regexp_split_to_array({whole}, '[^\\pL\\pN]+'), {part}) "
        f"or (length({part}) > 5 and contains({whole}, {part})), false)"
    )


def _is_buried(relation: str, column: str, naming: tuple[str, str]) -> str:
    """Write the condition; each value is hashed once, however many rows have it."""
    kind, form = naming
    value = form.format(f'"{column}"')
    return (
        f"coalesce({value} in (select value from (select distinct {value} as value from {relation}) as known "
        f"where value is not null and keyed_hash('{kind}:' || value) in (select identifier_hash from {TABLE})), false)"
    )
