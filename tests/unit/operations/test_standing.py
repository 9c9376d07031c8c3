"""Whether another run could come to anything else than the last one did."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.operations.standing import forget, remember, still_standing
from dagster_project.publishing.publish import LINK
from tests.unit.operations.shop import ORDERS, load, session_of


@pytest.fixture
def finished(company: Path) -> Path:
    """A company whose last run was finished, as far as that can be seen from outside."""
    load(company)
    session = session_of(company)
    with session.connection() as connection:
        session.settings.published.mkdir()
        (session.settings.published / LINK).touch()
        remember(session, connection, "2026-01-06 03:00 UTC", 3)
    return company


def test_a_finished_run_stands_with_its_exit_code(finished: Path) -> None:
    standing = still_standing(session_of(finished))
    assert standing is not None
    assert (standing.ended_at, standing.exit_code) == ("2026-01-06 03:00 UTC", 3)


def test_nothing_stands_before_the_first_run(company: Path) -> None:
    assert still_standing(session_of(company)) is None


def test_nothing_stands_while_a_run_is_at_work(finished: Path) -> None:
    forget(session_of(finished).settings)
    assert still_standing(session_of(finished)) is None


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
        (session_of(finished).settings.published / LINK).unlink()
    else:
        settings = {"as_of": "2026-02-01"} if change == "day" else {"validation_rows": 5000}
    assert still_standing(session_of(finished, **settings)) is None
