"""Keys are the same on every engine and in every run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.macros.rendering import Render

parts = st.lists(st.none() | st.text(st.characters(exclude_categories=["C"]), max_size=8), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(values=parts)
def test_key_is_the_first_sixty_bits_of_md5(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, values: list[str | None]
) -> None:
    expression = macros["surrogate_key"]([f"cast(${n} as text)" for n in range(1, len(values) + 1)])
    row = engine.execute(f"select {expression}", values).fetchone()

    text = "|".join(value or "" for value in values)
    assert row == (int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15], 16),)


def test_missing_reference_is_the_unknown_member(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection
) -> None:
    query = f"select {macros['key_or_unknown'](['system', 'ref'])} from (values ('s', null)) as t (system, ref)"

    assert engine.execute(query).fetchone() == (-1,)
