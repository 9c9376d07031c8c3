"""Whatever a file holds: nothing is raised, and every row is accepted, unchanged or quarantined, or its file set aside.

`make fuzz` tries ten thousand files; FUZZ_SEED and FUZZ_FILES choose others. A failure names the seed of its file.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from dagster_project.ingestion.contracts import Contract, load_contracts
from tests.faults.mutations import mutated
from tests.unit.ingestion.door import Door

SEED = int(os.environ.get("FUZZ_SEED", "1"))
SAMPLE, MANY = 208, int(os.environ.get("FUZZ_FILES", "10400"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Door:
    contracts = load_contracts()
    door = Door(tmp_path_factory.mktemp("fuzz") / "acme", contracts)
    door.company("".join(f"  {feed}: '{feed}.*'\n" for feed in contracts))
    return door


def _try(door: Door, contract: Contract, seed: int) -> None:
    mutant = mutated(contract, random.Random(seed))
    path = door.put(mutant.name, mutant.content)
    before = [_count(door, schema, contract.feed) for schema in ("raw", "quarantine")]
    try:
        report = door.load(contract.feed)
    finally:
        path.unlink()
    after = [_count(door, schema, contract.feed) for schema in ("raw", "quarantine")]
    assert report.rows_in == report.rows_accepted + report.rows_unchanged + report.rows_quarantined
    assert min(report.rows_accepted, report.rows_unchanged, report.rows_quarantined) >= 0
    assert [now - then for now, then in zip(after, before, strict=True)] == [
        report.rows_accepted, report.rows_quarantined
    ]  # fmt: skip
    assert all(reason.strip() for _, reason in report.set_aside)
    # A file whose names or types break a statement is a fault of ours.
    assert not any(re.match(r"(Parser|Binder|Catalog|Conversion) Error", reason) for _, reason in report.set_aside)
    if mutant.rows is not None and not report.set_aside and not _is_copy(door, mutant.name):
        assert report.rows_in == mutant.rows
    tried = door.connection.execute("select status from raw._load where file = ?", [mutant.name]).fetchall()
    assert tried, "the file is in no register"


def _is_copy(door: Door, name: str) -> bool:
    """Whether the file's content had come before, so that none of its rows was looked at."""
    last = "select status from raw._load where file = ? order by loaded_at desc, load_id desc limit 1"
    return door.connection.execute(last, [name]).fetchone() == ("already_loaded",)


def _count(door: Door, schema: str, feed: str) -> int:
    return int(door.one(f"select count(*) from {schema}.{feed}"))


def _fuzz(door: Door, seeds: range) -> None:
    feeds = list(door.contracts.values())
    failures: dict[int, str] = {}
    for seed in seeds:
        try:
            _try(door, feeds[seed % len(feeds)], seed)
        except Exception as fault:
            failures[seed] = f"{type(fault).__name__}: {fault}"[:300]
    assert not failures, "\n".join(f"seed {seed}: {said}" for seed, said in failures.items())


def test_a_sample_of_bad_files_is_accounted_for(house: Door) -> None:
    _fuzz(house, range(SEED, SEED + SAMPLE))


@pytest.mark.fuzz
def test_ten_thousand_bad_files_are_accounted_for(house: Door) -> None:
    _fuzz(house, range(SEED, SEED + MANY))


def test_a_seed_makes_the_same_file_again(tmp_path: Path) -> None:
    for contract in load_contracts().values():
        assert mutated(contract, random.Random(7)) == mutated(contract, random.Random(7))
