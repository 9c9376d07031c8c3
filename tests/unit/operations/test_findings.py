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


def _sql(**arguments: object) -> str:
    """Render the test as dbt would."""
    text = (REPOSITORY / "dbt" / "tests" / "generic" / "sound_columns.sql").read_text()
    text = text.replace("{% test sound_columns", "{% macro sound_columns").replace("endtest", "endmacro")
    module = jinja2.Environment().from_string(text, {"config": lambda **_: ""}).module
    return str(module.sound_columns(f"(select * from {TABLE})", **arguments))  # type: ignore[attr-defined]


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


@pytest.mark.parametrize("arguments", [{"unique": [["id", "code", "name"]]}, {"never_null": ["id"]}])
def test_columns_that_are_sound_have_no_finding(arguments: dict[str, object]) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(_sql(**arguments)).fetchall() == []


def test_a_test_that_tells_no_findings_is_told_in_dbts_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told(monkeypatch, "select 1", {}) == "Got 9 results"
    # One that could not be asked has none to tell.
    assert _told(monkeypatch, "select no_such", {"tells_findings": True}, "error") == "Got 9 results"
