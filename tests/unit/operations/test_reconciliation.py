"""Both figures of a line are shown, and a contact that is nowhere, or twice, is seen."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dagster_project.operations.reconciliation import Line, line_of_plan, lines_of_tables, verdict
from dagster_project.settings import Settings

NEWEST = "2026-03-02"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    company = tmp_path / "shop"
    company.mkdir()
    (company / "company.yml").write_text("name: shop\n")
    settings = Settings(company=str(company), home=tmp_path / "home")
    (settings.outbox / NEWEST).mkdir(parents=True)
    _write_outbox(settings, "waiting")
    return settings


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for schema in ("decisions", "warehouse", "marts"):
            connection.execute(f"create schema {schema}")
        connection.execute("create table warehouse.fct_campaign_contact as select 'sent' as plan_ref")
        connection.execute(f"create table decisions.decision_policy as select date '{NEWEST}' as as_of_date")
        connection.execute(
            f"create table decisions.suppression as select date '{NEWEST}' as as_of_date, 3 as customer_id"
        )
        connection.execute("create table decisions.withheld_contact as select 'withheld' as plan_ref")
        connection.execute(
            f"""create table decisions.contact_plan as from (values
                ('sent', date '2026-03-01', 1, false), ('replaced', date '2026-03-01', 2, false),
                ('suppressed', date '2026-03-01', 3, false), ('waiting', date '{NEWEST}', 2, false),
                ('withheld', date '{NEWEST}', 5, false),
                ('control', date '{NEWEST}', 4, true)
            ) as plan(plan_ref, as_of_date, customer_id, is_control)"""
        )
        yield connection


def _write_outbox(settings: Settings, *plan_refs: str) -> None:
    (settings.outbox / NEWEST / "email.csv").write_text(
        "plan_ref,channel\n" + "".join(f"{r},email\n" for r in plan_refs)
    )


def test_every_planned_contact_has_its_place(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    line = line_of_plan(connection, settings)
    assert line is not None
    assert line.is_equal
    assert (line.left_rows, line.right_rows) == (5, 5)


@pytest.mark.parametrize(("in_outbox", "right"), [((), 4), (("waiting", "of no plan"), 6), (("of no plan",), 5)])
def test_a_contact_lost_or_invented_is_seen(
    connection: duckdb.DuckDBPyConnection, settings: Settings, in_outbox: tuple[str, ...], right: int
) -> None:
    _write_outbox(settings, *in_outbox)
    line = line_of_plan(connection, settings)
    assert line is not None
    assert not line.is_equal
    assert (line.left_rows, line.right_rows) == (5, right)


def test_nothing_is_compared_before_anything_is_built(settings: Settings) -> None:
    with duckdb.connect() as empty:
        assert line_of_plan(empty, settings) is None
        assert lines_of_tables(empty) == []


def test_the_verdict_names_what_differs_with_both_figures() -> None:
    equal = Line("f: a = b", "a", 1, Decimal(1), "b", 1, Decimal(1), True)
    differs = Line("f: a = c", "a", 1_000, Decimal("5.01"), "c", 999, Decimal(5), False)
    assert verdict([equal, equal]) == "2 of 2 figures tie out"
    assert verdict([equal, differs]) == "1 of 2 figures tie out; f: a = c: a 1,000 rows, 5.01 ≠ c 999 rows, 5.00"
