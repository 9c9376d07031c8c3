"""The floor that the benchmark compares a run with makes the same tables as the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dagster_project.benchmark.measuring import measure
from dagster_project.settings import get_settings
from tests.integration.building import tables
from tests.integration.runs import Run

pytestmark = pytest.mark.xdist_group("whole_way")


def test_the_floor_makes_the_same_tables(demo_run: Run, tmp_path: Path) -> None:
    settings = get_settings(home=demo_run.home, company=str(demo_run.company))
    measured = measure(demo_run.home, settings, "floor", [demo_run.database, tmp_path / "floor.json"])
    made = tables(tmp_path / "floor" / demo_run.database.name)
    run = tables(demo_run.database)
    names = {step["name"] for step in measured["steps"] if not step["name"].startswith("raw.")} & made.keys()
    assert len(names) > 100
    assert {name: made[name] for name in names} == {name: run[name] for name in names}
    assert all(step["cpu_seconds"] >= 0 for step in measured["steps"])
    assert json.loads((tmp_path / "floor.json").read_text())["cpu_seconds"] > 0
