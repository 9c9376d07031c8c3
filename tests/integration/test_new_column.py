"""A column that a source begins to send: kept and told; after one line in the contract, there for all rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dagster_project.ingestion.loading import load_feed, prepare
from dagster_project.operations import dbt, session, upkeep
from dagster_project.settings import REPOSITORY
from tests.unit.operations.shop import open_shop, session_of

FEED = "loyalty_entries"
CONTRACT, MODEL = f"sources/contracts/transactions/{FEED}.yml", f"dbt/models/staging/transactions/stg_{FEED}.sql"
ONE_LINE = "      - {name: tier, logicalType: integer, classification: none, description: The customer's tier then.}\n"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Copy of the contracts and models, which the test may change."""
    for folder in ("dbt", "seeds", "sources/contracts"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    monkeypatch.setattr(dbt, "PROJECT", tmp_path / "dbt")
    for module in (session, upkeep):
        monkeypatch.setattr(module, "CONTRACTS", tmp_path / "sources" / "contracts")
    dbt._parsed.cache_clear()
    yield tmp_path
    dbt.release()
    dbt._parsed.cache_clear()


def _put(company: Path, name: str, *rows: str) -> None:
    header = "source_system,entry_ref,customer_ref,kind,points,occurred_at,Tier\n"
    (company / name).write_text(header + "".join(f"app,{row}\n" for row in rows))


def _run(company: Path) -> tuple[bool, list[str], Sequence[tuple[Any, ...]]]:
    """Load and build the feed: whether its table was brought up to date, what was said, and what it has of tiers."""
    opened = session_of(company)
    with opened.connection() as connection:
        opened = replace(opened, known_to=upkeep.known_to(opened, connection))
        prepare(connection, opened.contracts)
        report = load_feed(connection, opened.settings, opened.company, opened.contracts[FEED])
        results = dbt.build(
            opened.settings, [f"stg_{FEED}"], opened.dbt_variables(connection), None, ["resource_type:test"]
        )
        assert [r.ok for r in results] == [True], results
        upkeep.remember(opened, connection)
        rows = connection.execute(f"select * from staging.stg_{FEED} order by entry_ref").fetchall()
        names = [name for name, *_ in connection.description or ()]
    dbt.release()
    there = [dict(zip(names, row, strict=True)) for row in rows]
    return opened.known_to is not None, report.warnings, [(r["entry_ref"], r.get("tier", "none")) for r in there]


def test_a_new_column_is_kept_told_and_usable_after_one_line(house: Path) -> None:
    company = open_shop(house / "shop")
    (company / "company.yml").write_text((company / "company.yml").read_text() + f"  {FEED}: 'points*'\n")
    _put(company, "points1.csv", "1,C1,earn,5,2026-01-05,2", "2,C2,earn,5,2026-01-05,gold", "3,C3,earn,5,2026-01-05,")
    assert _run(company)[1:] == (
        ["kept in _extra, as the contract does not know them: Tier"],
        [("1", "none"), ("2", "none"), ("3", "none")],
    )
    contract, model = house / CONTRACT, house / MODEL
    contract.write_text(contract.read_text().replace("slaProperties:", ONE_LINE + "slaProperties:"))
    model.write_text(model.read_text().replace("    reward,\n", "    reward,\n    tier,\n"))
    dbt._parsed.cache_clear()
    _put(company, "points2.csv", "3,C3,earn,5,2026-01-05,", "4,C4,earn,5,2026-01-06,1")
    is_daily, said, tiers = _run(company)
    assert not is_daily
    assert said == [
        "tier: filled from _extra for 1 row loaded before",
        "1 row loaded before: tier is not a whole number; the value stays in _extra",
    ]
    assert tiers == [("1", 2), ("2", None), ("3", None), ("4", 1)]
    _put(company, "points3.csv", "1,C1,earn,5,2026-01-05,2", "2,C2,earn,5,2026-01-05,3", "5,C5,earn,5,2026-01-07,7")
    assert _run(company) == (True, [], [("1", 2), ("2", 3), ("3", None), ("4", 1), ("5", 7)])
    with session_of(company).connection() as connection:
        loads = connection.execute("select count(*) from raw.loyalty_entries group by entry_ref order by entry_ref")
        assert loads.fetchall() == [(1,), (2,), (1,), (1,), (1,)]
