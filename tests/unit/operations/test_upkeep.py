"""Whether the tables may be brought up to date, or must be built whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dagster_project import clock
from dagster_project.database import used_blocks
from dagster_project.operations.upkeep import blocks_without_gaps, forget, known_to, remember
from tests.unit.operations.shop import ORDERS, load, session_of


@pytest.fixture
def built(company: Path) -> Path:
    """A company whose tables are all built."""
    load(company)
    session = session_of(company)
    with session.connection() as connection:
        remember(session, connection)
    return company


def _is_known(company: Path, **settings: object) -> bool:
    session = session_of(company, **settings)
    with session.connection() as connection:
        return known_to(session, connection) is not None


def test_nothing_is_known_before_the_first_run(company: Path) -> None:
    assert not _is_known(company)


def test_rows_that_came_later_are_new_to_the_tables(built: Path) -> None:
    (built / "more.csv").write_text(ORDERS.replace("shop,1", "shop,2"))
    load(built)
    session = session_of(built, as_of="2026-02-01")
    with session.connection() as connection:
        moment = known_to(session, connection)
        new = connection.execute("select order_ref from raw.order_lines where _loaded_at > ?", [moment]).fetchall()
    assert new == [("2",)]


def test_a_run_that_was_begun_makes_the_next_one_build_all(built: Path) -> None:
    forget(session_of(built).settings)
    assert not _is_known(built)


def test_another_setting_of_the_company_makes_the_next_run_build_all(built: Path) -> None:
    text = (built / "company.yml").read_text()
    (built / "company.yml").write_text(text.replace("EUR", "CHF"))
    assert not _is_known(built)


def test_rows_taken_out_of_raw_make_the_next_run_build_all(built: Path) -> None:
    with session_of(built).connection() as connection:
        connection.execute("delete from raw.order_lines")
    assert not _is_known(built)


def test_the_clock_set_back_makes_the_next_run_build_all(built: Path) -> None:
    clock.set_to(datetime(2020, 1, 1, tzinfo=UTC))
    try:
        assert not _is_known(built)
    finally:
        clock.set_to(None)


def test_rows_that_a_run_itself_has_changed_make_it_build_all(built: Path) -> None:
    session = session_of(built)
    with session.connection() as connection:
        daily = replace(session, known_to=known_to(session, connection))
        assert daily.dbt_variables(connection)["loaded_after"]
        daily.outdated.add("order_lines")
        assert daily.dbt_variables(connection)["loaded_after"] is None


def test_gaps_are_left_until_a_quarter_of_the_file_is_gaps(built: Path) -> None:
    session = session_of(built)
    with session.connection() as connection:
        blocks = blocks_without_gaps(session.settings, connection)
        assert blocks == used_blocks(connection) > 0
        assert connection.execute("select current_setting('max_vacuum_tasks')").fetchone() != (0,)
    told = replace(session, blocks=blocks)
    with told.connection() as connection:
        assert connection.execute("select current_setting('max_vacuum_tasks')").fetchone() == (0,)
        remember(told, connection)
        assert blocks_without_gaps(session.settings, connection) == blocks
        remember(replace(session, blocks=blocks * 3 // 4), connection)
        assert blocks_without_gaps(session.settings, connection) == 0
