"""The benchmark's report: rooms side by side, ratios, and what the fixed cost is made of."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from dagster_project.benchmark.compare import show
from dagster_project.benchmark.sampling import Sampler


def test_rooms_stand_beside_their_floor_with_ratios() -> None:
    step = {"rows": 1, "peak_mb": 100.0}
    run = {
        "total_seconds": 12.0,
        "start_seconds": 3.0,
        "cpu_seconds": 20.0,
        "peak_mb": 900.0,
        "steps": [
            {"name": "raw.order_lines", "seconds": 4.0, **step},
            {"name": "warehouse.fct_order_line", "seconds": 3.0, **step},
            {"name": "scores", "seconds": 1.0, **step},
        ],
    }
    floor = {
        "peak_mb": 500.0,
        "cpu_seconds": 6.0,
        "steps": [
            {"name": "raw.order_lines", "seconds": 2.0, "peak_mb": 50.0},
            {"name": "warehouse.fct_order_line", "seconds": 2.0, "peak_mb": 60.0},
        ],
    }
    out = io.StringIO()
    show(Console(file=out, width=160), run, {"total_seconds": 1.2}, floor)
    lines = {line.split()[0]: line.split() for line in out.getvalue().splitlines() if line.strip()}
    assert lines["raw"][:4] == ["raw", "4.00", "2.00", "2.00"]
    assert lines["warehouse"][:4] == ["warehouse", "3.00", "2.00", "1.50"]
    assert lines["all"][:4] == ["all", "12.00", "4.00", "3.00"]
    assert lines["fixed"][1] == "4.00"
    assert "A run with nothing new takes 1.2 s." in out.getvalue()


def test_the_sampler_sees_a_peak_where_it_was() -> None:
    with Sampler() as samples:
        time.sleep(0.1)
        quiet = time.perf_counter()
        block = bytearray(200 * 1024**2)
        time.sleep(0.2)
        end = time.perf_counter()
    assert len(block) > 0
    assert samples.peak(quiet, end) - samples.peak(0, quiet) > 150


def test_an_empty_sampler_has_no_peak() -> None:
    assert Sampler().peak(0, 1) == pytest.approx(0.0)
