"""The page of status: read from what runs leave, so that it answers while one is at work."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from dagster_project import clock
from dagster_project.ingestion.loading import load_feed, prepare
from dagster_project.operations.closing import close, note_stopped
from dagster_project.operations.lock import Holder, hold
from dagster_project.operations.outcome import CheckOutcome, RunOutcome
from dagster_project.operations.register import KEPT, RunEntry, enter, last_runs
from dagster_project.operations.session import Session
from dagster_project.operations.status import show_status
from dagster_project.operations.stock import take
from dagster_project.settings import StellaError, get_settings

HEADER = "source_system,order_ref,line_number,product_ref,quantity,net_amount,ordered_at\n"
STARTED = datetime(2026, 1, 6, 3, 0, tzinfo=UTC)
BATCH = CheckOutcome("raw/order_lines", "batch_is_as_expected", False, True, {"breaches": "too few\nrows"})


@pytest.fixture
def session(tmp_path: Path) -> Session:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "orders.csv").write_text(HEADER + "shop,1,1,P,1,9,2026-01-05\nshop,2,1,P,many,9,2026-01-05\n")
    (folder / "broken.csv").write_bytes(b"\x00\x01\x02")
    (folder / "company.yml").write_text(
        "name: shop\nhome_currency: EUR\ntime_zone: Europe/Rome\nlanding: .\nfeeds:\n  order_lines: '*.csv'\n"
    )
    return Session(get_settings(company=str(folder), home=tmp_path / "home", alert_file=tmp_path / "alerts"))


@pytest.fixture
def finished(session: Session) -> Session:
    """A run that loaded, and failed at a model."""
    clock.set_to(STARTED)
    with session.connection() as connection:
        prepare(connection, session.contracts)
        load_feed(connection, session.settings, session.company, session.contracts["order_lines"])
    failures = {"dbt": "mart_kpi: no such column"}
    outcome = RunOutcome("id", False, 1, [BATCH], failures, [f"marts/m{n}" for n in range(10)])
    assert close(session, "stella run", STARTED, outcome).warnings == []
    yield session
    clock.set_to(None)


def _page(session: Session) -> str:
    out = io.StringIO()
    show_status(session, Console(file=out, width=250))
    return out.getvalue()


def test_before_the_first_run_it_says_so(session: Session) -> None:
    with pytest.raises(StellaError, match="No run has been made yet"):
        _page(session)
    with hold(session.settings, "stella run"):
        assert "At work" in _page(session)


def test_one_page_has_it_all(finished: Session) -> None:
    clock.set_to(datetime(2026, 1, 9, tzinfo=UTC))
    page = _page(finished)
    assert "2026-01-06 03:00  stella run" in page
    assert "failed dbt: mart_kpi: no such column" in page
    assert "10 tables keep their former content: marts/m0" in page
    assert "and 2 more" in page
    assert "set aside order_lines: broken.csv" in page
    assert "raw/order_lines batch_is_as_expected: breaches: too few; rows" in page
    assert "late order_lines" in page
    assert "Nothing is published yet" in page


def test_rows_that_were_held_back_count_for_nothing(finished: Session) -> None:
    with finished.connection() as connection:
        connection.execute("update raw._load set status = 'held_back' where status = 'loaded'")
        feeds = take(finished, connection, RunOutcome("id", True, 1, [], {}, [])).feeds
    assert [(feed.files, feed.rows_accepted, feed.rows_quarantined) for feed in feeds] == [(0, 0, 0)]


def test_freshness_is_measured_when_it_is_asked_for(finished: Session) -> None:
    clock.set_to(STARTED)
    assert "late order_lines" not in _page(finished)


def test_it_answers_while_a_run_is_at_work(finished: Session) -> None:
    with hold(finished.settings, "stella run"), finished.connection():
        page = _page(finished)
    assert "At work  `stella run` (process" in page
    assert "order_lines" in page


def test_a_stopped_run_is_told_and_entered(finished: Session) -> None:
    lock = finished.settings.company_home / "run.lock"
    lock.write_text('{"pid": 7, "verb": "stella run", "since": "2026-01-07T03:00:00+00:00"}')
    assert "Stopped before its end  `stella run` (process 7) since 2026-01-07" in _page(finished)
    note_stopped(finished, Holder(7, "stella run", "2026-01-07T03:00:00+00:00"))
    lock.write_text("")
    assert "stopped" in _page(finished)


def test_the_alert_of_a_run_names_feed_and_step_only(finished: Session, tmp_path: Path) -> None:
    (line,) = (tmp_path / "alerts").read_text().splitlines()
    for word in ("The step dbt failed", "The batch of order_lines is held back"):
        assert word in line
    assert "no such column" not in line


def test_the_register_keeps_the_newest_and_passes_over_what_it_cannot_read(session: Session) -> None:
    for n in range(KEPT + 3):
        enter(session.settings, RunEntry("stella run", f"2026-01-01T00:00:00.{n:06}+00:00", None, None, n))
    with (session.settings.company_home / "runs.jsonl").open("a") as file:
        file.write("half a li")
    assert [e.exit_code for e in last_runs(session.settings, 2)] == [KEPT + 1, KEPT + 2]
    assert len(last_runs(session.settings, 10**6)) == KEPT


def test_a_stock_that_cannot_be_read_is_as_none(finished: Session) -> None:
    (finished.settings.company_home / "stock.json").write_text("{")
    assert "No run has come to its end yet" in _page(finished)
