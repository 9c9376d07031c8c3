"""A batch that breaks a blocking expectation goes no further, and comes in when its owner says so or mends it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from dagster_project.database import connect
from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.contracts import load_contracts
from dagster_project.ingestion.ingest import FeedOutcome, ingest
from dagster_project.settings import Settings

HEADER = "source_system,order_ref,line_number,product_ref,quantity,net_amount,ordered_at\n"
GOOD = "shop,{i},1,P1,1,9.99,2026-01-05T10:00:00Z\n"
BAD = "shop,{i},1,P1,many,9.99,2026-01-05T10:00:00Z\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "in").mkdir(parents=True)
    (folder / "company.yml").write_text(
        "name: shop\nhome_currency: EUR\ntime_zone: Europe/Rome\nlanding: in\nfeeds:\n  order_lines: '*.csv'\n"
    )
    return folder


def _deliver(folder: Path, name: str, good: int, bad: int) -> None:
    rows = [GOOD.format(i=f"{name}{i}") for i in range(good)] + [BAD.format(i=f"{name}b{i}") for i in range(bad)]
    (folder / "in" / f"{name}.csv").write_text(HEADER + "".join(rows))


def _ingest(folder: Path, *accepted: str) -> tuple[FeedOutcome, int, dict[str, int]]:
    settings = Settings(company=str(folder), home=folder.parent / "home")
    contracts = load_contracts()
    with connect(settings) as connection:
        outcomes = list(ingest(connection, settings, load_company(folder), contracts, ["order_lines"], accepted))
        return outcomes[0], _count(connection), _statuses(connection)


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    return int(connection.execute("select count(*) from raw.order_lines").fetchall()[0][0])


def _statuses(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(connection.execute("select status, count(*) from raw._load group by status").fetchall())


def test_a_batch_that_blocks_is_held_back_whole(folder: Path) -> None:
    _deliver(folder, "monday", 40, 0)
    _ingest(folder)
    _deliver(folder, "tuesday", 10, 90)
    outcome, rows, statuses = _ingest(folder)
    assert outcome.is_held_back
    assert rows == 40
    assert statuses["held_back"] == 1
    with connect(Settings(company=str(folder), home=folder.parent / "home")) as connection:
        (reason,) = connection.execute("select reason from raw._load where status = 'held_back'").fetchall()[0]
    assert reason.endswith("(if the batch is right as it is, STELLA_ACCEPT=order_lines lets it in)")


def test_its_owner_may_let_it_in(folder: Path) -> None:
    _deliver(folder, "monday", 10, 90)
    assert _ingest(folder)[1] == 0
    outcome, rows, _ = _ingest(folder, "order_lines")
    assert not outcome.is_held_back
    assert rows == 10


def test_a_mended_file_goes_in(folder: Path) -> None:
    _deliver(folder, "monday", 10, 90)
    _ingest(folder)
    _deliver(folder, "monday", 100, 0)
    outcome, rows, _ = _ingest(folder)
    assert not outcome.is_held_back
    assert rows == 100
