"""A look at the landing folder: a file counts once it has stopped moving, and only if no run has tried it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.ingestion.loading import load_feed, prepare
from dagster_project.operations.lock import HeldError, hold
from dagster_project.operations.session import Session
from dagster_project.operations.watch import Look, look
from dagster_project.settings import get_settings

ORDERS = "source_system,order_ref,line_number,product_ref,quantity,net_amount,ordered_at\nshop,1,1,P,1,9,2026-01-05\n"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "company.yml").write_text(
        "name: shop\nhome_currency: EUR\ntime_zone: Europe/Rome\nlanding: .\nfeeds:\n  order_lines: '*.csv'\n"
    )
    (folder / "first.csv").write_text(ORDERS)
    return Session(get_settings(company=str(folder), home=tmp_path / "home"))


def _load(session: Session) -> None:
    with session.connection() as connection:
        prepare(connection, session.contracts)
        load_feed(connection, session.settings, session.company, session.contracts["order_lines"])


def _again(session: Session, before: Look) -> Look:
    return look(session, before.seen, before.key)


def test_a_file_counts_at_the_second_look(session: Session) -> None:
    first = look(session, {})
    assert (first.new, first.moving) == ([], ["first.csv"])
    assert _again(session, first).new == ["first.csv"]


def test_a_file_that_grows_is_left_and_the_others_are_not(session: Session, tmp_path: Path) -> None:
    growing = tmp_path / "shop" / "growing.csv"
    growing.write_text(ORDERS[:100])
    first = look(session, {})
    growing.write_text(ORDERS.replace("shop,1", "shop,2"))
    second = _again(session, first)
    assert (second.new, second.moving) == (["first.csv"], ["growing.csv"])
    third = _again(session, second)
    assert third.new == ["first.csv", "growing.csv"]
    assert third.key != second.key


def test_what_was_loaded_is_not_new_and_what_was_changed_is(session: Session, tmp_path: Path) -> None:
    _load(session)
    second = _again(session, look(session, {}))
    assert second.new == []
    (tmp_path / "shop" / "first.csv").write_text(ORDERS.replace("9,2026", "8,2026"))
    assert _again(session, _again(session, second)).new == ["first.csv"]


def test_the_same_files_are_asked_for_once(session: Session) -> None:
    second = _again(session, look(session, {}))
    third = _again(session, second)
    assert second.new
    assert third.new == []
    assert third.key == second.key


def test_while_a_run_is_at_work_nothing_is_opened(session: Session) -> None:
    first = look(session, {})
    with hold(session.settings, "stella run"), pytest.raises(HeldError, match="stella run"):
        _again(session, first)
