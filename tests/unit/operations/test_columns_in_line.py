"""What is built without a load needs `raw` as the contracts have it."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from dagster_project.operations.replay import replay
from dagster_project.operations.run import run_part
from dagster_project.settings import StellaError
from tests.unit.operations.shop import load, session_of

SAID = r"raw\.order_lines does not have yet .*: net_amount, coupon_code\. .*`stella load --feed order_lines`"


@pytest.fixture
def behind(company: Path) -> Path:
    """Give a company that was loaded when the contract of its orders had two columns less."""
    load(company)
    with session_of(company).connection() as connection:
        for column in ("net_amount", "coupon_code"):
            connection.execute(f"alter table raw.order_lines drop column {column}")
    return company


@pytest.mark.parametrize("tables", [["stg_order_lines"], []])
def test_a_rebuild_and_a_retry_name_the_columns_and_the_way(behind: Path, tables: list[str]) -> None:
    with pytest.raises(StellaError, match=SAID):
        run_part(session_of(behind), Console(file=StringIO()), tables=tables)


def test_a_replay_names_them_too(behind: Path) -> None:
    target = behind.parent / "then.duckdb"
    with pytest.raises(StellaError, match=SAID):
        replay(session_of(behind), datetime.now(UTC), None, target, Console(file=StringIO()))
    assert not target.exists()


def test_after_a_load_nothing_is_missing(behind: Path) -> None:
    load(behind)
    with pytest.raises(StellaError, match="no table has that name"):
        run_part(session_of(behind), Console(file=StringIO()), tables=["nothing"])
