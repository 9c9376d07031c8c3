"""Retention: content that is older than the company keeps it is taken out of `raw`, and so of all that follows.

Belongs here: which rows are too old, and what becomes of them. Does not belong here: how long a company keeps what
(`company.yml`, section `retention`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from dagster_project.privacy.tombstones import ERASED


@dataclass(frozen=True)
class Limit:
    """How long a feed's content of one class is kept.

    Attributes:
        feed: the feed.
        columns: its columns of that class; none where whole rows go.
        keys: those of its columns that make its key.
        required: those that must not be null.
        time: the column that tells how old a row is.
        days: for how long.
    """

    feed: str
    columns: frozenset[str]
    keys: frozenset[str]
    required: frozenset[str]
    time: str
    days: int


LOADED = "_loaded_at"
"""The time of a row that says nothing of its own age."""


def forget_old(
    connection: duckdb.DuckDBPyConnection, limits: Iterable[Limit], moment: datetime, now: datetime
) -> dict[str, int]:
    """Take out of `raw` what is older than its limit; return the rows removed or blanked, by feed.

    Columns become null, or `erased` where a value is wanted. A row whose key is itself of the class goes whole, for it
    says nothing without it; so does every old row of a limit without columns.

    Args:
        connection: the open warehouse.
        limits: what is kept for how long.
        moment: that of the run, with offset: the age of a record is told by its own time, which for a company whose
            data lie in the past is long ago.
        now: the age of a row that has no time of its own counts from its loading.
    """
    taken: dict[str, int] = {}
    for limit in limits:
        is_old = f'"{limit.time}" < $before'
        given = {"before": (now if limit.time == LOADED else moment) - timedelta(days=limit.days)}
        if not limit.columns or limit.columns & limit.keys:
            done = connection.execute(f"delete from raw.{limit.feed} where {is_old}", given).fetchone()
        else:
            columns = sorted(limit.columns)
            values = ", ".join(f'"{c}" = ' + (f"'{ERASED}'" if c in limit.required else "null") for c in columns)
            told = " or ".join(
                f"\"{c}\" <> '{ERASED}'" if c in limit.required else f'"{c}" is not null' for c in columns
            )
            done = connection.execute(
                f"update raw.{limit.feed} set {values}, _extra = null where {is_old} and ({told})", given
            ).fetchone()
        if done and done[0]:
            taken[limit.feed] = taken.get(limit.feed, 0) + int(done[0])
    return taken
