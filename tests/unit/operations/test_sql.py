"""The verb `sql`: answers in three forms, and clear words for what cannot be answered."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest

from dagster_project.database import connect
from dagster_project.operations.sql import answer
from dagster_project.publishing.publish import publish
from dagster_project.settings import Settings, StellaError


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "company.yml").write_text("name: shop\n")
    settings = Settings(company=str(folder), home=tmp_path_factory.mktemp("home"))
    with connect(settings) as connection:
        connection.execute("create table marts.mart_kpi as select 'orders' as kpi, 12 as actual")
        publish(connection, settings, {}, date(2026, 1, 1))
    return settings


def _ask(settings: Settings, query: str, output: str) -> str:
    out = io.StringIO()
    answer(settings, query, output, out)
    return out.getvalue()


def test_csv_json_and_table(settings: Settings) -> None:
    assert _ask(settings, "from marts.mart_kpi", "csv") == "kpi,actual\norders,12\n"
    assert json.loads(_ask(settings, "from marts.mart_kpi", "json")) == {"kpi": "orders", "actual": 12}
    assert "orders" in _ask(settings, "from marts.mart_kpi", "table")


@pytest.mark.parametrize(
    ("query", "output", "words"),
    [
        ("select nothing from marts.mart_kpi", "csv", "refused"),
        ("selec", "csv", "refused"),
        ("create table x (i int)", "csv", "refused"),
        ("select * from read_csv('/etc/passwd')", "csv", "refused"),
        ("from marts.mart_kpi", "xml", "--format xml"),
        ("", "csv", "Nothing to show"),
    ],
)
def test_what_cannot_be_answered_is_one_message(settings: Settings, query: str, output: str, words: str) -> None:
    with pytest.raises(StellaError, match=words):
        _ask(settings, query, output)
