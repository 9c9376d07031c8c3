"""The same profile and seed are the same world: whatever the chunks, the threads and the day at which one stops."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from sources.companies.demo import load_profile, simulate
from sources.companies.demo.feed_shapes import FEEDS, schema
from sources.companies.demo.profile_feeds import FileShape
from tests.unit.demo.life_world import World, play

MINE = (
    "web_events", "contacts", "service_cases", "loyalty_entries", "opportunity_stages", "leads", "device_signals",
    "social_accounts", "social_posts", "social_follows", "exchange_rates", "market_benchmarks", "area_demographics",
    "calendar_events",
)  # fmt: skip
SMALL = {"population__persons": 1200, "web__tracked_share": 0.1, "network__account_share": 0.2}
STOP = 300


@cache
def _whole() -> World:
    return play(**SMALL)


@cache
def _in_chunks() -> World:
    return play(**SMALL, chunk_persons=1000)


@cache
def _stopped() -> World:
    return play(until=STOP, **SMALL)


def _differing(one: pd.DataFrame, other: pd.DataFrame) -> int:
    connection = duckdb.connect()
    connection.register("one", one)
    connection.register("other", other)
    query = "select count(*) from ((from one except all from other) union all (from other except all from one))"
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("feed", MINE)
def test_chunks_make_no_difference(feed: str) -> None:
    assert len(_in_chunks().lives) == 2
    assert _differing(_whole().feeds[feed], _in_chunks().feeds[feed]) == 0


@pytest.mark.parametrize("feed", MINE)
def test_stopping_changes_nothing_of_what_was_before(feed: str) -> None:
    """Days are played one by one or all at once: what is delivered before a day does not hang on what comes after."""
    whole, stopped = _whole().feeds[feed], _stopped().feeds[feed]
    whole, stopped = whole[whole["_day"] < STOP], stopped[stopped["_day"] < STOP]
    assert len(stopped) > 0
    assert _differing(whole, stopped) == 0


def _play_files(home: Path, **how: object) -> dict[str, bytes]:
    profile = load_profile("world", population__persons=200, web__tracked_share=0.1, chunk_persons=1000)
    end = profile.start + timedelta(days=60)
    simulate(profile, home / "landing", home / "truth", end, **how)  # type: ignore[arg-type]
    return {str(path.relative_to(home)): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


def test_two_runs_and_two_thread_counts_write_the_same_bytes(tmp_path: Path) -> None:
    first, second = _play_files(tmp_path / "a"), _play_files(tmp_path / "b", threads=2)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_all_26_feeds_are_written_with_their_columns(tmp_path: Path) -> None:
    profile = load_profile("world", population__persons=400, population__organisation_share=0.3)
    simulate(profile, tmp_path / "landing", tmp_path / "truth", profile.start + timedelta(days=200))
    assert sorted(path.name for path in (tmp_path / "landing").iterdir()) == sorted(FEEDS)
    for feed in FEEDS:
        shape = profile.files.get(feed, FileShape())
        names = [shape.headers.get(name, name) for name in schema(feed).names]
        (path,) = (p for p in (tmp_path / "landing" / feed).iterdir() if p.name.startswith(f"{feed}."))
        assert path.name == f"{feed}{shape.suffix}"
        options = f"delim='{shape.delimiter}', encoding='{shape.encoding}', all_varchar=true"
        reader = f"read_csv('{path}', {options})" if shape.format == "csv" else f"'{path}'"
        if shape.format != "xlsx":
            found = duckdb.connect().execute(f"select * from {reader} limit 0").description
            assert [column[0] for column in found] == names
