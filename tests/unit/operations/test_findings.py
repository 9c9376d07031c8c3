"""A test that does not hold tells which columns, and how many rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import duckdb
import jinja2
import pytest

from dagster_project.operations import dbt
from dagster_project.operations.findings import told
from dagster_project.settings import REPOSITORY, Settings

TABLE = "(values (1, 'a', 'x'), (1, 'b', null), (2, null, null), (2, null, 'x'), (3, null, 'x')) as t (id, code, name)"


class _Model(SimpleNamespace):
    """A relation of dbt's."""

    def __str__(self) -> str:
        return str(self.query)


def _sql(table: str = TABLE, written: str = "", **arguments: object) -> str:
    """Render the test as dbt would; where `written` are the `id`s that a daily run wrote, for such a run."""
    text = "".join(
        (REPOSITORY / "dbt" / path).read_text() for path in ("macros/faults.sql", "tests/generic/sound_columns.sql")
    )
    text = text.replace("{% test sound_columns", "{% macro sound_columns").replace("endtest", "endmacro")
    node = {"config": {"materialized": "incremental", "unique_key": "id"}}
    told = {
        "config": lambda **_: "", "beginning_of_time": lambda: "0", "end_of_time": lambda: "9", "execute": True,
        "var": lambda _: bool(written), "graph": {"nodes": {"model.stella.it": node}},
        "written": lambda _: f"(values {written}) as written (id)",
        "stored_rows_of": lambda touched, rows, _: f"from {rows} where id in (select id from {touched})",
    }  # fmt: skip
    module = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(text, told).module
    model = _Model(query=f"(select * from {table})", identifier="it")
    return str(module.sound_columns(model, **arguments))  # type: ignore[attr-defined]


def _told(monkeypatch: pytest.MonkeyPatch, query: str, meta: Mapping[str, object], status: str = "fail") -> str:
    node = SimpleNamespace(config=SimpleNamespace(meta=meta), compiled_code=query)
    monkeypatch.setattr(dbt, "parse", lambda _: SimpleNamespace(nodes={"test.it": node}))
    result = dbt.NodeResult("test.it", "it", "test", status, "Got 9 results", 9, 0.1)
    with duckdb.connect() as connection:
        return told(connection, Settings(), result)


def test_it_names_the_columns_and_counts_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    query = _sql(unique=["code", "id", ["id", "code"]], never_null=["id", "code", "name"])
    assert _told(monkeypatch, query, {"tells_findings": True}) == (
        "code is null: 3; id is not unique: 2; id, code is not unique: 1; name is null: 2"
    )


def test_a_daily_run_asks_the_rows_that_it_wrote_and_those_that_share_their_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the codes that two rows share, a was written now and stands in a row from before; b was not written."""
    table = "(values (1, 'a', 1), (2, 'a', 1), (3, 'b', null), (4, 'b', null), (5, null, 9)) as t (id, code, size)"
    asked = {"unique": ["id", ["code", "size"]], "never_null": ["code", "size"], "accepted_range": {"size": [0, 5]}}
    assert _told(monkeypatch, _sql(table, "(1)", **asked), {"tells_findings": True}) == "code, size is not unique: 1"
    assert _told(monkeypatch, _sql(table, "(3), (5)", **asked), {"tells_findings": True}) == (
        "code is null: 1; code, size is not unique: 1; size is null: 1; size is out of its range: 1"
    )
    assert _told(monkeypatch, _sql(table, **asked), {"tells_findings": True}) == (
        "code is null: 1; code, size is not unique: 2; size is null: 2; size is out of its range: 1"
    )


def test_it_names_values_and_numbers_that_are_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    query = _sql(accepted_values={"code": ["a", "c"], "name": ["x"]}, accepted_range={"id": [2], "id * 1": [1, 2]})
    assert _told(monkeypatch, query, {"tells_findings": True}) == (
        "code is none of its values: 1; id * 1 is out of its range: 1; id is out of its range: 2"
    )


@pytest.mark.parametrize(("keys", "holds"), [("1, -1, 2", True), ("1, 2", False), ("-1, -1", False)])
def test_a_dimension_has_one_row_for_unknown(monkeypatch: pytest.MonkeyPatch, keys: str, holds: bool) -> None:
    query = _sql(f"unnest([{keys}]) as t (id)", unknown_member="id")
    expected = "Got 9 results" if holds else "id has not one row for unknown: 1"
    assert _told(monkeypatch, query, {"tells_findings": True}) == expected


VERSIONS = {
    "(0, 4, false), (4, 9, true)": [],
    "(0, 4, false), (5, 9, true)": ["versions of id leave a gap or overlap: 2"],
    "(0, 4, true), (3, 9, true)": [
        "id has not one current version: 1",
        "intervals of id overlap or are empty: 1",
        "versions of id leave a gap or overlap: 2",
    ],
    "(1, 8, false)": ["id has not one current version: 1", "versions of id leave a gap or overlap: 1"],
    "(0, 4, false), (4, 4, false), (4, 9, true)": ["intervals of id overlap or are empty: 1"],
}


@pytest.mark.parametrize("versions", VERSIONS)
def test_it_tells_what_is_wrong_with_versions(monkeypatch: pytest.MonkeyPatch, versions: str) -> None:
    query = _sql(
        f"(select 1 as id, * from (values {versions}) as v (valid_from, valid_to, is_current))",
        no_gap=["id"], no_overlap=["id"], one_current=["id"],
    )  # fmt: skip
    told = "; ".join(VERSIONS[versions]) or "Got 9 results"
    assert _told(monkeypatch, query, {"tells_findings": True}) == told


@pytest.mark.parametrize("arguments", [{"unique": [["id", "code", "name"]]}, {"never_null": ["id"]}])
def test_columns_that_are_sound_have_no_finding(arguments: dict[str, object]) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(_sql(**arguments)).fetchall() == []


def test_a_test_that_tells_no_findings_is_told_in_dbts_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told(monkeypatch, "select 1", {}) == "Got 9 results"
    # One that could not be asked has none to tell.
    assert _told(monkeypatch, "select no_such", {"tells_findings": True}, "error") == "Got 9 results"
