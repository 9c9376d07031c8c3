"""The guard: what is worse by more than a quarter fails, by name; what is not recorded is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.benchmark import guard
from dagster_project.benchmark.measuring import Cost
from dagster_project.settings import StellaError

RUN = Cost(12.0, 20.0, 900.0)
FLOOR = Cost(4.0, 10.0, 300.0)


def test_ratios_are_of_the_whole_and_of_rooms_with_a_floor_worth_measuring() -> None:
    rooms = {"raw": Cost(9.0, 6.0), "reference": Cost(9.0, 1.0), "scores": Cost(9.0, 2.0)}
    measured = guard.ratios(RUN, FLOOR, rooms, {"raw": Cost(1.0, 3.9), "reference": Cost(1.0, 0.1)})
    assert measured == {"wall": 3.0, "processor": 2.0, "memory": 3.0, "raw": 1.538}


def test_a_ratio_a_quarter_worse_fails_and_says_which() -> None:
    before = {"wall": 4.0, "raw": 2.0, "marts": 1.0}
    assert guard.check(before, {"wall": 5.0, "raw": 1.0, "new": 9.0}) == [
        "wall: 5.00, recorded 4.00",
        "raw: 1.00, recorded 2.00",
    ]
    with pytest.raises(StellaError, match=r"25% worse than recorded: raw: 2\.51, recorded 2\.00\.$"):
        guard.check(before, {"wall": 4.0, "raw": 2.51})


def test_one_size_is_recorded_beside_another_and_over_itself(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    for size, wall in ((100, 9.0), (5000, 4.0), (5000, 3.0)):
        guard.record(size, "a machine", {"wall": wall}, path)
    assert guard.recorded(5000, path) == {"wall": 3.0}
    assert guard.recorded(100, path) == {"wall": 9.0}


def test_a_size_without_record_says_which_there_are(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"
    with pytest.raises(StellaError, match="recorded: none"):
        guard.recorded(100, path)
    guard.record(5000, "a machine", {"wall": 4.0}, path)
    with pytest.raises(StellaError, match="recorded: 5000"):
        guard.recorded(100, path)
