"""The verb `bench --day`: what one more day costs beside the whole build, and whether it grows with the history.

For each share of the world's history: what came until then is loaded and built whole, then what one day brings comes,
and the run of that morning is measured. Each run is a process of its own.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dagster_project.benchmark.compare import PYTHON_STEPS
from dagster_project.benchmark.measuring import machine_of, measure
from dagster_project.ingestion.company import load_company
from dagster_project.operations.demo import simulate_days
from dagster_project.settings import Settings, StellaError

SHARES = (0.25, 0.5, 1.0)
HOUR = time(6)
DEAREST = 15


def measure_days(
    settings: Settings,
    size: int,
    folder: Path | None,
    console: Console,
    world: str = "world",
    shares: Sequence[float] = SHARES,
) -> None:
    """Measure one day on top of each share of the history, and print processor seconds by room and the dearest steps.

    Args:
        settings: the demo's settings.
        size: customers of the world.
        folder: where to work; default: below the working folder.
        console: where to print.
        world: the demo's world, by the name of its file.
        shares: of the history, in ascending order; the day's growth is of the last over the first.

    Raises:
        StellaError: a run failed.
    """
    place = (folder or settings.home / "bench").expanduser().resolve() / f"{size}_day"
    shutil.rmtree(place, ignore_errors=True)
    console.print(f"{machine_of(settings)}; {size:,} customers", highlight=False, soft_wrap=True)
    runs = {share: _whole_and_day(settings, place / f"{share:.0%}", size, share, world) for share in shares}
    show_days(console, runs)


def _whole_and_day(
    settings: Settings, place: Path, size: int, share: float, world: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    company = load_company(settings.company_folder)
    home = place / settings.company_name
    landing, to_come = home / "landing", place / "to_come"
    day = simulate_days(settings.company_folder / f"{world}.yml", size, share, landing, to_come, home / "truth")
    measured = []
    for number, morning in enumerate((day, day + timedelta(days=1))):
        now = datetime.combine(morning, HOUR, company.zone)
        environment = {"AS_OF": morning.isoformat(), "STELLA_NOW": now.isoformat()}
        result = measure(place, settings, "measured_run", [place / f"run{number}.json"], environment)
        if result["exit_code"] not in {0, 3}:
            raise StellaError(f"bench: the run of {morning} failed; its working folder is {home}")
        measured.append(result)
        if number == 0:
            _deliver(to_come, landing, day)
    shutil.rmtree(home)
    return measured[0], measured[1]


def _deliver(to_come: Path, landing: Path, day: date) -> None:
    for file in sorted(to_come.glob(f"*/*_{day}*")):
        (landing / file.parent.name).mkdir(exist_ok=True)
        shutil.copyfile(file, landing / file.parent.name / file.name)


def show_days(console: Console, runs: Mapping[float, tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Print the whole build and the day on top of it for each share of the history (processor seconds)."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("processor s", *(f"{share:.0%} of the history" for share in runs), "growth"):
        table.add_column(title, justify="left" if title == "processor s" else "right")
    wholes, days = ({share: run[number] for share, run in runs.items()} for number in (0, 1))
    _add(table, "whole build", {share: run["cpu_seconds"] for share, run in wholes.items()})
    _add(table, "one day", {share: run["cpu_seconds"] for share, run in days.items()})
    shares = [f"{days[share]['cpu_seconds'] / wholes[share]['cpu_seconds']:.1%}" for share in runs]
    table.add_row("one day of whole", *shares, "")
    table.add_section()
    rooms = {share: _by_room(run) for share, run in days.items()}
    last = rooms[max(rooms)]
    for room in sorted(last, key=lambda name: -last[name]):
        _add(table, f"  {room}", {share: rooms[share][room] for share in runs})
    table.add_section()
    steps = {share: {s["name"]: s["cpu_seconds"] for s in run["steps"]} for share, run in days.items()}
    dearest = steps[max(steps)]
    for step in sorted(dearest, key=lambda name: -dearest[name])[:DEAREST]:
        _add(table, f"  {step}", {share: steps[share].get(step, 0.0) for share in runs})
    console.print(table)


def _add(table: Table, name: str, seconds: Mapping[float, float]) -> None:
    first, last = seconds[min(seconds)], seconds[max(seconds)]
    growth = f"{last / first:.2f}" if first > 0 else "–"
    table.add_row(name, *(f"{value:.2f}" for value in seconds.values()), growth)


def _by_room(run: dict[str, Any]) -> defaultdict[str, float]:
    rooms: defaultdict[str, float] = defaultdict(float, {"start": run["start_cpu_seconds"]})
    for step in run["steps"]:
        if not step["name"].startswith("test "):
            rooms[PYTHON_STEPS.get(step["name"], step["name"].split(".")[0])] += step["cpu_seconds"]
    rooms["between steps (tests, dbt's passes, Dagster)"] = run["cpu_seconds"] - sum(rooms.values())
    return rooms
