"""Measuring in a process of its own, so that neither way pays for what the other left in memory."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dagster_project.settings import Settings, StellaError


class Cost(NamedTuple):
    """Wall seconds, processor seconds and peak memory (MB) of a room, or of all."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0


def measure(
    place: Path, settings: Settings, module: str, arguments: list[Path], environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run a module of this package, with its own words as arguments, and read what it wrote to the last of them.

    Raises:
        StellaError: it wrote nothing.
    """
    done = subprocess.run(  # noqa: S603 - our own words only
        [sys.executable, "-m", f"dagster_project.benchmark.{module}", *map(str, arguments)],
        env={
            **os.environ,
            "STELLA_HOME": str(place),
            "COMPANY": str(settings.company_folder),
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if not arguments[-1].is_file():
        raise StellaError(f"bench: {module} failed:\n{done.stderr[-2000:]}")
    measured: dict[str, Any] = json.loads(arguments[-1].read_text())
    return measured


def machine_of(settings: Settings) -> str:
    """Name the machine in a few words, and the limits within which a run works."""
    return (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {settings.threads} threads, "
        f"memory limit {settings.memory_limit}"
    )
