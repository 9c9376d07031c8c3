"""The versions of a thing: no gap, no overlap, and at every moment what the newest row of that moment says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.macros.rendering import Render

START = datetime(2024, 1, 1, tzinfo=UTC)
BEGINNING, END = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

# thing, days after START at which the row holds, value, days after START at which it was loaded
History = list[tuple[str, int, str | None, int]]
histories = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.integers(0, 6), st.sampled_from(["x", "y", None]), st.integers(0, 6)
    ),
    max_size=14,
)  # fmt: skip


def versions_of(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, history: History
) -> list[tuple[str, datetime, datetime, str | None]]:
    """Versions as the models make them: the newest row of each moment, then the intervals."""
    engine.execute(
        "create or replace temp table history (thing text, effective_at timestamptz, value text,"
        " _loaded_at timestamptz, _file text, _line bigint)"
    )
    rows = [
        (thing, START + timedelta(days=day), value, START + timedelta(days=loaded), "f", line)
        for line, (thing, day, value, loaded) in enumerate(history)
    ]
    if rows:
        engine.executemany("insert into history values (?, ?, ?, ?, ?, ?)", rows)
    query = (
        f"with newest as ({macros['latest_per_key']('history', ['thing', 'effective_at'])}),"
        f" version as ({macros['version_intervals']('newest', ['thing'], ['value'])})"
        " select version.thing, valid_from, valid_to, value from version join newest using (thing, effective_at)"
        " order by 1, 2"
    )
    return engine.execute(query).fetchall()


def told(history: History, thing: str, day: int) -> str | None:
    """What the history tells of a thing on a day: the newest row of the latest moment until then, else of the first."""
    rows = [(at, loaded, line, value) for line, (name, at, value, loaded) in enumerate(history) if name == thing]
    moment = max((at for at, *_ in rows if at <= day), default=min(at for at, *_ in rows))
    return max(row[1:] for row in rows if row[0] == moment)[-1]


@settings(max_examples=40, deadline=None)
@given(history=histories)
def test_versions_cover_all_time_without_gap_or_overlap(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, history: History
) -> None:
    versions = versions_of(macros, engine, history)

    for thing in {row[0] for row in history}:
        bounds = [(start, end) for name, start, end, _ in versions if name == thing]
        assert bounds[0][0] == BEGINNING
        assert bounds[-1][1] == END
        assert all(left[1] == right[0] for left, right in pairwise(bounds))
        assert all(start < end for start, end in bounds)


@settings(max_examples=40, deadline=None)
@given(history=histories)
def test_version_in_force_tells_what_the_history_tells(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, history: History
) -> None:
    versions = versions_of(macros, engine, history)

    for thing in {row[0] for row in history}:
        for day in range(-1, 8):
            moment = START + timedelta(days=day)
            in_force = [value for name, start, end, value in versions if name == thing and start <= moment < end]
            assert in_force == [told(history, thing, day)]


@settings(max_examples=40, deadline=None)
@given(history=histories)
def test_neighbouring_versions_differ(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, history: History
) -> None:
    versions = versions_of(macros, engine, history)

    for left, right in pairwise(versions):
        assert left[0] != right[0] or left[3] != right[3]
