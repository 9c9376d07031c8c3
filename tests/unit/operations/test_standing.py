"""Whether another run could come to anything else than the last one did."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.ingestion.loading import load_feed, prepare
from dagster_project.operations.session import Session
from dagster_project.operations.standing import forget, remember, still_standing
from dagster_project.publishing.publish import LINK
from dagster_project.settings import get_settings

ORDERS = "source_system,order_ref,line_number,product_ref,quantity,net_amount,ordered_at\nshop,1,1,P,1,9,2026-01-05\n"


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "company.yml").write_text(
        "name: shop\nhome_currency: EUR\ntime_zone: Europe/Rome\nlanding: .\ncalendar: historical\n"
        "feeds:\n  order_lines: '*.csv'\n"
    )
    return folder


def _session(company: Path, **settings: object) -> Session:
    return Session(get_settings(company=str(company), home=company.parent / "home", **settings))


@pytest.fixture
def finished(company: Path) -> Path:
    """A company whose last run was finished, as far as that can be seen from outside."""
    session = _session(company)
    with session.connection() as connection:
        prepare(connection, session.contracts)
        load_feed(connection, session.settings, session.company, session.contracts["order_lines"])
        session.settings.published.mkdir()
        (session.settings.published / LINK).touch()
        remember(session, connection, "2026-01-06 03:00 UTC", 3)
    return company


def test_a_finished_run_stands_with_its_exit_code(finished: Path) -> None:
    standing = still_standing(_session(finished))
    assert standing is not None
    assert (standing.ended_at, standing.exit_code) == ("2026-01-06 03:00 UTC", 3)


def test_nothing_stands_before_the_first_run(company: Path) -> None:
    assert still_standing(_session(company)) is None


def test_nothing_stands_while_a_run_is_at_work(finished: Path) -> None:
    forget(_session(finished).settings)
    assert still_standing(_session(finished)) is None


@pytest.mark.parametrize("change", ["file", "company", "mapping", "day", "setting", "published"])
def test_what_a_run_depends_on_makes_another_worth_while(finished: Path, change: str) -> None:
    settings: dict[str, object] = {}
    if change == "file":
        (finished / "more.csv").write_text(ORDERS.replace("shop,1", "shop,2"))
    elif change == "company":
        text = (finished / "company.yml").read_text()
        (finished / "company.yml").write_text(text.replace("EUR", "CHF"))
    elif change == "mapping":
        (finished / "order_lines.sql").write_text("select * from landing")
    elif change == "published":
        (_session(finished).settings.published / LINK).unlink()
    else:
        settings = {"as_of": "2026-02-01"} if change == "day" else {"validation_rows": 5000}
    assert still_standing(_session(finished, **settings)) is None
