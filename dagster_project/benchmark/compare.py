"""The verb `bench`: one measured run of a world of a given size beside its floor, reported as ratios.

One process after the other: the simulation (not part of the comparison), the run, the run again with nothing new, the
floor. Asked to repeat, it shows the session whose run took the median time.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dagster_project.benchmark import guard
from dagster_project.benchmark.measuring import machine_of, measure
from dagster_project.operations.demo import simulate_into
from dagster_project.settings import Settings

ROOMS = ("raw", "reference", "staging", "intermediate", "warehouse", "marts")
PYTHON_STEPS = {
    "intermediate.identity_ledger": "identity",
    "intermediate.segment_ledger": "segments",
    "scores": "scores",
    "decisions": "decisions",
    "outbox": "outbox",
    "published.stella": "publish",
}


def compare(
    settings: Settings,
    size: int,
    folder: Path | None,
    console: Console,
    *,
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
    simulate_into(given / "landing", given / "truth", settings.company_folder / "world.yml", customers=size)
    machine = machine_of(settings)
    console.print(
        f"{machine}; {size:,} customers simulated in {time.perf_counter() - clock:.0f} s",
        highlight=False,
        soft_wrap=True,
    )
    sessions = [_session(settings, place / f"{number}", given) for number in range(repeats)]
    run, again, floor = sorted(sessions, key=lambda session: session[0]["total_seconds"])[(repeats - 1) // 2]
    show(console, run, again, floor)
    measured = guard.ratios(run, floor, *({r: s for r, (s, _) in _by_room(m["steps"]).items()} for m in (run, floor)))
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
    for title in ("room", "run s", "floor s", "ratio", "run peak MB", "floor peak MB"):
        table.add_column(title, justify="left" if title == "room" else "right")
    for room in ROOMS:
        (seconds, peak), (floor_seconds, floor_peak) = ours[room], theirs[room]
        ratio = f"{seconds / floor_seconds:.2f}" if floor_seconds else "–"
        table.add_row(room, f"{seconds:.2f}", f"{floor_seconds:.2f}", ratio, f"{peak:,.0f}", f"{floor_peak:,.0f}")
    for room in PYTHON_STEPS.values():
        seconds, peak = ours[room]
        table.add_row(room, f"{seconds:.2f}", "–", "–", f"{peak:,.0f}", "–")
    fixed = run["total_seconds"] - sum(seconds for seconds, _ in ours.values())
    floor_total = sum(seconds for seconds, _ in theirs.values())
    table.add_row("fixed", f"{fixed:.2f}", "–", "–", "–", "–")
    total = run["total_seconds"]
    peaks = (f"{run['peak_mb']:,.0f}", f"{floor['peak_mb']:,.0f}")
    table.add_row("[bold]all[/bold]", f"{total:.2f}", f"{floor_total:.2f}", f"{total / floor_total:.2f}", *peaks)
    console.print(table)
    models = [s for s in run["steps"] if s["name"].split(".")[0] in ROOMS[2:] and s["name"] not in PYTHON_STEPS]
    overhead = sum(s["seconds"] for s in models) - sum(theirs[room][0] for room in ROOMS[2:])
    per_model = 1000 * overhead / max(len(models), 1)
    console.print(
        f"\nThe fixed cost is {fixed:.1f} s: {run['start_seconds']:.1f} s until the first step (imports, "
        f"the project parsed),\nthe rest dbt's passes around its {len(models)} models (their tests above all), "
        f"Dagster's events, the summary.\nPer model dbt adds {per_model:.0f} ms to the SQL's own time. "
        f"CPU: run {run['cpu_seconds']:.0f} s, floor {floor['cpu_seconds']:.0f} s.\n"
        f"A run with nothing new takes {again['total_seconds']:.1f} s.",
        highlight=False,
        soft_wrap=True,
    )


def _by_room(steps: list[dict[str, Any]]) -> defaultdict[str, tuple[float, float]]:
    rooms: defaultdict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for step in steps:
        room = PYTHON_STEPS.get(step["name"], step["name"].split(".")[0])
        if not room.startswith("test "):
            seconds, peak = rooms[room]
            rooms[room] = (seconds + step["seconds"], max(peak, step["peak_mb"]))
    return rooms
