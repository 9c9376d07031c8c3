"""The benchmark's report: rooms side by side, ratios, and what the fixed cost is made of."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from dagster_project.benchmark.compare import show
from dagster_project.benchmark.sampling import Sampler


def test_rooms_stand_beside_their_floor_with_ratios() -> None:
    step = {"rows": 1, "peak_mb": 100.0, "cpu_seconds": 5.0}
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
            {"name": "raw.order_lines", "seconds": 2.0, "cpu_seconds": 2.5, "peak_mb": 50.0},
            {"name": "warehouse.fct_order_line", "seconds": 2.0, "cpu_seconds": 3.5, "peak_mb": 60.0},
        ],
    }
    out = io.StringIO()
    show(Console(file=out, width=160), run, {"total_seconds": 1.2}, floor)
    rooms, dearest = out.getvalue().split("The dearest steps")
    lines = {line.split()[0]: line.split() for line in rooms.splitlines() if line.strip()}
    assert lines["raw"] == ["raw", "4.00", "2.00", "2.00", "5.00", "2.50", "2.00", "100", "50"]
    assert lines["warehouse"][:7] == ["warehouse", "3.00", "2.00", "1.50", "5.00", "3.50", "1.43"]
    assert lines["dbt's"][2:8] == ["3.00", "2.00", "1.50", "5.00", "3.50", "1.43"]
    assert lines["what"][3:9] == ["7.00", "4.00", "1.75", "10.00", "6.00", "1.67"]
    assert lines["scores"][:5] == ["scores", "1.00", "–", "–", "5.00"]
    assert lines["all"] == ["all", "12.00", "4.00", "3.00", "20.00", "6.00", "3.33", "900", "500"]
    assert lines["fixed"][:5] == ["fixed", "4.00", "–", "–", "5.00"]
    assert ["warehouse.fct_order_line", "5.00", "3.50"] in [line.split() for line in dearest.splitlines()]
    assert "A run with nothing new takes 1.2 s." in rooms


def test_the_sampler_sees_a_peak_where_it_was() -> None:
    with Sampler() as samples:
        time.sleep(0.1)
        quiet = time.perf_counter()
        block = bytearray(200 * 1024**2)
        time.sleep(0.2)
        end = time.perf_counter()
    assert len(block) > 0
    assert samples.peak(quiet, end) - samples.peak(0, quiet) > 150


def test_what_passes_while_two_steps_run_counts_once() -> None:
    samples = Sampler()
    samples._times, samples._processor = [0.0, 10.0], [0.0, 20.0]
    shares = samples.shares([(0.0, 4.0), (2.0, 4.0), (6.0, 7.0), (7.0, 7.0), (7.0, 9.0)])
    assert [wall for wall, _ in shares] == pytest.approx([3.0, 1.0, 1.0, 0.0, 2.0])
    assert [cpu for _, cpu in shares] == pytest.approx([6.0, 2.0, 2.0, 0.0, 4.0])


def test_an_empty_sampler_has_no_peak() -> None:
    assert Sampler().shares([(0.0, 1.0)]) == [(0.0, 0.0)]
    assert Sampler().peak(0, 1) == pytest.approx(0.0)
