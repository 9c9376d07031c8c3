"""The guard against a run that has become dearer: a session's ratios held against the last recorded ones.

Ratios of one session travel between machines where seconds do not, and processor time is the same beside other work;
rooms whose floor is a moment are left out, because their ratio is chance.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from dagster_project.benchmark.measuring import Cost
from dagster_project.settings import StellaError

RECORDED = Path(__file__).with_name("recorded.json")
WORSE = 1.25
"""A ratio may be this many times the recorded one."""
LEAST_FLOOR_SECONDS = 0.5


def ratios(run: Cost, floor: Cost, rooms: Mapping[str, Cost], floor_rooms: Mapping[str, Cost]) -> dict[str, float]:
    """Give what a run costs as multiples of its floor: of the whole wall, processor and memory, of each room processor.

    Args:
        run: the whole run.
        floor: the whole floor.
        rooms: each room of the run.
        floor_rooms: the same of the floor.
    """
    found = {
        "wall": run.seconds / floor.seconds,
        "processor": run.cpu_seconds / floor.cpu_seconds,
        "memory": run.peak_mb / floor.peak_mb,
    }
    found |= {
        room: rooms[room].cpu_seconds / cost.cpu_seconds
        for room, cost in floor_rooms.items()
        if cost.cpu_seconds >= LEAST_FLOOR_SECONDS and room in rooms
    }
    return {name: round(ratio, 3) for name, ratio in found.items()}


def record(size: int, machine: str, measured: Mapping[str, float], path: Path = RECORDED) -> None:
    """Write a size's ratios over those recorded before."""
    known = json.loads(path.read_text()) if path.is_file() else {}
    known[str(size)] = {"machine": machine, "ratios": dict(measured)}
    path.write_text(json.dumps(known, indent=2) + "\n")


def recorded(size: int, path: Path = RECORDED) -> dict[str, float]:
    """Give the ratios recorded for a size.

    Raises:
        StellaError: there are none.
    """
    known = json.loads(path.read_text()) if path.is_file() else {}
    if str(size) not in known:
        sizes = ", ".join(sorted(known, key=int)) or "none"
        raise StellaError(
            f"bench: no ratios are recorded for {size:,} customers (recorded: {sizes}). "
            f"Take one of those, or record this one: stella bench --size {size} --record."
        )
    ratios_then: dict[str, float] = known[str(size)]["ratios"]
    return ratios_then


def check(before: Mapping[str, float], measured: Mapping[str, float]) -> list[str]:
    """Compare ratios with those recorded before; give one line for each that both have.

    Raises:
        StellaError: a ratio is more than a quarter worse.
    """
    both = [name for name in before if name in measured]
    lines = [f"{name}: {measured[name]:.2f}, recorded {before[name]:.2f}" for name in both]
    worse = [line for name, line in zip(both, lines, strict=True) if measured[name] > WORSE * before[name]]
    if worse:
        raise StellaError(f"bench: more than {WORSE - 1:.0%} worse than recorded: " + "; ".join(worse) + ".")
    return lines
