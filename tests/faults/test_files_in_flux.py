"""Files that are written to, or go away, while they are read; and faults that are no file's: all are tried again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.ingestion import batches, loading
from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.contracts import load_contracts
from dagster_project.ingestion.news import has_news
from tests.unit.ingestion.door import Door, order, orders

CONTRACTS = load_contracts()


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "acme", CONTRACTS)


def _has_news(door: Door) -> bool:
    return has_news(door.connection, door.settings, load_company(door.folder, door.contracts))


def test_a_file_written_to_again_with_the_same_content_is_not_forgotten(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = door.put("order.csv", orders(order("A1")))
    judge = batches.judge_and_store

    def slow(*args: object, **kwargs: object) -> object:
        os.utime(path, ns=(1, 1))
        return judge(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "judge_and_store", slow)
    assert "still being written" in door.load().set_aside[0][1]
    assert _has_news(door)


@pytest.mark.parametrize("moment", ["content_hash", "open_file"])
def test_a_file_removed_after_it_was_listed_is_told_and_holds_nothing_up(
    door: Door, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    gone = door.put("order1.csv", orders(order("A1")))
    door.put("order2.csv", orders(order("A2")))
    step = getattr(loading, moment)

    def removing(*args: Any) -> Any:
        gone.unlink(missing_ok=True)
        return step(*args)

    monkeypatch.setattr(loading, moment, removing)
    report = door.load()
    assert (report.set_aside, report.rows_accepted) == ([], 1)
    assert [said for said in report.warnings if "order1.csv: it went away" in said]
    assert door.one("select count(*) from raw._load where file = 'order1.csv'") == 0


def test_a_file_removed_before_its_rows_are_kept_is_told_and_holds_nothing_up(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = door.put("order1.csv", orders(order("A1")))
    door.put("order2.csv", orders(order("A2")))
    land = batches.land_rows

    def removing(*args: Any) -> None:
        gone.unlink(missing_ok=True)
        land(*args)

    monkeypatch.setattr(batches, "land_rows", removing)
    report = door.load()
    assert (report.set_aside, report.rows_accepted) == ([], 1)
    assert [said for said in report.warnings if "order1.csv: it went away" in said]


def test_a_file_that_lacked_memory_is_tried_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.put("order.csv", orders(order("A1")))

    def lacking(*_: object) -> None:
        raise duckdb.OutOfMemoryException("out of memory")

    monkeypatch.setattr(batches, "land_rows", lacking)
    assert "more memory" in door.load().set_aside[0][1]
    assert _has_news(door)


def test_a_full_disk_is_no_fault_of_the_file(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.put("order.csv", orders(order("A1")))

    def filling(*_: object, **__: object) -> None:
        raise duckdb.IOException('Could not write file "x": No space left on device')

    monkeypatch.setattr(batches, "judge_and_store", filling)
    with pytest.raises(duckdb.IOException):
        door.load()
    assert door.one("select count(*) from raw._load") == 0
