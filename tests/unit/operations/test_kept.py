"""Which tables a daily run leaves alone: by the news of their feeds, and by what their SQL asks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from dagster_project.operations.kept import kept

KNOWN_TO = datetime(2026, 1, 2, tzinfo=UTC)


def _model(name: str, *parents: str, code: str = "select 1", **config: Any) -> dict[str, Any]:
    return {
        "name": name, "schema": "staging", "resource_type": "seed" if name == "list" else "model", "raw_code": code,
        "config": {"pre-hook": [], **config}, "depends_on": {"nodes": list(parents)},
    }  # fmt: skip


NODES = {
    "seed.list": _model("list"),
    "model.quiet": _model("quiet", "source.quiet", "seed.list"),
    "model.fresh": _model("fresh", "source.fresh"),
    "model.of_fresh": _model("of_fresh", "model.quiet", "model.fresh"),
    "model.of_quiet": _model("of_quiet", "model.quiet"),
    "model.dated": _model("dated", "model.quiet", code="select {{ age('x') }}"),
    "model.of_dated": _model("of_dated", "model.dated"),
    "model.of_scores": _model("of_scores", "source.scores"),
    "model.compared": _model("compared", "model.quiet", **{"pre-hook": [{"sql": "{{ keep_former(['a']) }}"}]}),
    "model.lost": _model("lost", "model.quiet"),
}
MANIFEST = {
    "nodes": NODES,
    "sources": {
        "source.quiet": {"schema": "raw", "identifier": "quiet"},
        "source.fresh": {"schema": "raw", "identifier": "fresh"},
        "source.scores": {"schema": "scores", "identifier": "score"},
    },
    "macros": {
        "macro.age": {"name": "age", "package_name": "stella", "macro_sql": "{{ the_day() }} - x"},
        "macro.the_day": {"name": "the_day", "package_name": "stella", "macro_sql": "{{ var('as_of_date') }}"},
        "macro.other": {"name": "select", "package_name": "dbt", "macro_sql": "{{ var('as_of_date') }}"},
    },
}


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema raw; create schema staging; create table raw._load as select 1 as n")
        for feed, day in (("quiet", "2026-01-02"), ("fresh", "2026-01-03")):
            connection.execute(f"create table raw.{feed} as select timestamptz '{day} 00:00:00+00' as _loaded_at")
        for node in NODES.values():
            if node["name"] != "lost":
                connection.execute(f"create table staging.{node['name']} as select 1 as n")
        yield connection


def _kept(warehouse: duckdb.DuckDBPyConnection, models: Collection[str] = tuple(NODES)) -> set[str]:
    return kept(warehouse, MANIFEST, KNOWN_TO, models)


def test_what_draws_on_no_news_is_left_alone(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert _kept(warehouse) == {"seed.list", "model.quiet", "model.of_quiet"}


def test_only_what_is_asked_about_is_named(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert _kept(warehouse, ["model.of_quiet", "model.of_fresh"]) == {"model.of_quiet"}


def test_a_new_row_reaches_all_that_draws_on_its_feed(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("insert into raw.quiet select timestamptz '2026-01-02 00:00:01+00'")
    assert _kept(warehouse) == {"seed.list"}
