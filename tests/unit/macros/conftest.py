"""Fixtures of the macros' tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
import pytest

from tests.unit.macros.rendering import Render, load_macros


@pytest.fixture(scope="session")
def macros() -> Mapping[str, Render]:
    """Every macro of the project, for a company in Rome whose home currency is the euro."""
    return load_macros()


@pytest.fixture(scope="session")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, in UTC as the warehouse is."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; set threads = 1")
        yield connection
