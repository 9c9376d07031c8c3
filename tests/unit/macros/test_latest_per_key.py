"""The newest row of a key: later update, then later load, file, line."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.macros.rendering import Render

# key, updated_at, _loaded_at, _file
Row = tuple[str, int | None, int, str]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abcd"), st.none() | st.integers(0, 3), st.integers(0, 2), st.sampled_from(["f", "g"])
        ),
        max_size=12,
    )
)
def test_newest_row_of_each_key_is_kept(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, rows: list[Row]
) -> None:
    engine.execute(
        "create or replace temp table landed (key text, updated_at int, _loaded_at int, _file text, _line bigint)"
    )
    numbered = [(*row, line) for line, row in enumerate(rows)]
    if numbered:
        engine.executemany("insert into landed values (?, ?, ?, ?, ?)", numbered)

    query = macros["latest_per_key"]("landed", ["key"], updated_at="updated_at")
    kept = engine.execute(f"select key, _line from ({query}) as latest").fetchall()

    expected = {}
    for key, updated, loaded, file, line in sorted(
        numbered, key=lambda row: (-1 if row[1] is None else row[1], *row[2:])
    ):
        del updated, loaded, file
        expected[key] = line
    assert sorted(kept) == sorted(expected.items())
