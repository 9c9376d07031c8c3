"""The verb `bench`: one measured run of a world of a given size beside its floor, reported as ratios.

One process after the other: the simulation (not part of the comparison), the run, the run again with nothing new, the
floor. Asked to repeat, it shows the session whose run took the median time.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dagster_project.benchmark import guard
from dagster_project.benchmark.measuring import Cost, machine_of, measure
from dagster_project.operations.demo import simulate_into
from dagster_project.settings import Settings

DBT_ROOMS = ("staging", "intermediate", "warehouse", "marts")
ROOMS = ("raw", "reference", *DBT_ROOMS)
PYTHON_STEPS = {
    "intermediate.identity_ledger": "identity",
    "intermediate.segment_ledger": "segments",
    "scores": "scores",
    "decisions": "decisions",
    "outbox": "outbox",
    "published.stella": "publish",
}
TITLES = ("run s", "floor s", "ratio", "run CPU s", "floor CPU s", "ratio", "run peak MB", "floor peak MB")
DEAREST = 10


def compare(
    settings: Settings,
    size: int,
    folder: Path | None,
    console: Console,
    *,
    world: str = "world",
    repeats: int = 1,
    is_recorded: bool = False,
    is_checked: bool = False,
) -> None:
    """Simulate, run, build the floor, and print wall time, peak memory and ratio of each room.

    Args:
        settings: the demo's settings.
        size: customers of the world.
        folder: where to work; default: below the working folder.
        console: where to print.
        world: the demo's world, by the name of its file: `scale` brings the large feeds as Parquet.
        repeats: how often to measure; the one of median time is shown.
        is_recorded: whether the ratios become those to be held to.
        is_checked: whether the ratios are held against the recorded ones.

    Raises:
        StellaError: the run or the floor failed, or a ratio is worse than recorded.
    """
    before = guard.recorded(size) if is_checked else {}
    place = (folder or settings.home / "bench").expanduser().resolve() / f"{size}"
    shutil.rmtree(place, ignore_errors=True)
    given = place / "given"
    clock = time.perf_counter()
    simulate_into(given / "landing", given / "truth", settings.company_folder / f"{world}.yml", customers=size)
    machine = machine_of(settings)
    console.print(
        f"{machine}; {size:,} customers simulated in {time.perf_counter() - clock:.0f} s",
        highlight=False,
        soft_wrap=True,
    )
    sessions = [_session(settings, place / f"{number}", given) for number in range(repeats)]
    run, again, floor = sorted(sessions, key=lambda session: session[0]["total_seconds"])[(repeats - 1) // 2]
    show(console, run, again, floor)
    ours, theirs = _by_room(run["steps"]), _by_room(floor["steps"])
    measured = guard.ratios(_whole(run), _least(floor, theirs), ours, theirs)
    if is_checked:
        console.print("\n" + "\n".join(guard.check(before, measured)), highlight=False)
    if is_recorded:
        guard.record(size, machine, measured)


def _session(settings: Settings, place: Path, given: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Measure a run in an empty working folder, the same again with nothing new, and the floor."""
    home = place / settings.company_name
    home.mkdir(parents=True)
    for part in given.iterdir():
        (home / part.name).symlink_to(part, target_is_directory=True)
    run = measure(place, settings, "measured_run", [place / "run.json"])
    again = measure(place, settings, "measured_run", [place / "again.json"])
    return run, again, measure(place, settings, "floor", [home / "build.duckdb", place / "floor.json"])


def show(console: Console, run: dict[str, Any], again: dict[str, Any], floor: dict[str, Any]) -> None:
    """Print the comparison: rooms that both have, then what only a run has, then what it is made of."""
    ours, theirs = _by_room(run["steps"]), _by_room(floor["steps"])
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("room", *TITLES):
        table.add_column(title, justify="left" if title == "room" else "right")
    for room in ROOMS:
        _add(table, room, ours[room], theirs[room])
    _add(table, "dbt's part", _sum(ours[room] for room in DBT_ROOMS), _sum(theirs[room] for room in DBT_ROOMS))
    _add(table, "what both do", _sum(ours[room] for room in ROOMS), _sum(theirs[room] for room in ROOMS))
    table.add_section()
    for room in PYTHON_STEPS.values():
        _add(table, room, ours[room])
    stepped, whole = _sum(ours.values()), _whole(run)
    fixed = Cost(whole.seconds - stepped.seconds, whole.cpu_seconds - stepped.cpu_seconds)
    _add(table, "fixed", fixed)
    _add(table, "[bold]all[/bold]", whole, _least(floor, theirs))
    console.print(table)
    models = [s for s in run["steps"] if s["name"].split(".")[0] in DBT_ROOMS and s["name"] not in PYTHON_STEPS]
    overhead = sum(s["cpu_seconds"] for s in models) - _sum(theirs[room] for room in DBT_ROOMS).cpu_seconds
    per_model = 1000 * overhead / max(len(models), 1)
    console.print(
        f"\nThe fixed cost is {fixed.seconds:.1f} s: {run['start_seconds']:.1f} s until the first step (imports, "
        f"the project parsed),\nthe rest dbt's passes around its {len(models)} models (their tests above all), "
        f"Dagster's events, the summary.\nPer model dbt adds {per_model:.0f} ms to the SQL's own processor time.\n"
        f"A run with nothing new takes {again['total_seconds']:.1f} s.\n\nThe dearest steps (processor s):",
        highlight=False,
        soft_wrap=True,
    )
    console.print(_dearest(run, floor))


def _whole(run: dict[str, Any]) -> Cost:
    return Cost(run["total_seconds"], run["cpu_seconds"], run["peak_mb"])


def _least(floor: dict[str, Any], rooms: Mapping[str, Cost]) -> Cost:
    """Give the cost of the floor's steps alone: what it copies from the run is no part of it."""
    return _sum(rooms.values())._replace(peak_mb=floor["peak_mb"])


def _add(table: Table, room: str, run: Cost, floor: Cost | None = None) -> None:
    """Add a row: wall and processor seconds of both with their ratios, then their peaks; a dash where there is none."""

    def pair(mine: float, its: float | None) -> tuple[str, str, str]:
        return f"{mine:,.2f}", _dash(its, ",.2f"), _dash(mine / its if its else None, ".2f")

    table.add_row(
        room,
        *pair(run.seconds, floor.seconds if floor else None),
        *pair(run.cpu_seconds, floor.cpu_seconds if floor else None),
        _dash(run.peak_mb or None, ",.0f"),
        _dash(floor.peak_mb if floor else None, ",.0f"),
    )


def _dash(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _dearest(run: dict[str, Any], floor: dict[str, Any]) -> Table:
    """List the steps that cost a run most processor time, beside the same in the floor."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    theirs = {step["name"]: step["cpu_seconds"] for step in floor["steps"]}
    for step in sorted(run["steps"], key=lambda step: -step["cpu_seconds"])[:DEAREST]:
        its = theirs.get(step["name"])
        table.add_row(step["name"], f"{step['cpu_seconds']:.2f}", _dash(its, ".2f"))
    return table


def _sum(costs: Iterable[Cost]) -> Cost:
    there = list(costs)
    return Cost(
        sum(cost.seconds for cost in there),
        sum(cost.cpu_seconds for cost in there),
        max((cost.peak_mb for cost in there), default=0.0),
    )


def _by_room(steps: list[dict[str, Any]]) -> defaultdict[str, Cost]:
    rooms: defaultdict[str, Cost] = defaultdict(Cost)
    for step in steps:
        room = PYTHON_STEPS.get(step["name"], step["name"].split(".")[0])
        if not room.startswith("test "):
            rooms[room] = _sum([rooms[room], Cost(step["seconds"], step["cpu_seconds"], step["peak_mb"])])
    return rooms
