"""The register of runs: one line a run, kept beside the warehouse, so that it can be read while a run is at work."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from dagster_project.settings import Settings

KEPT = 200


@dataclass(frozen=True)
class RunEntry:
    """A run that ended: moments in ISO and UTC. Without `exit_code` it was stopped before its end."""

    verb: str
    started_at: str
    ended_at: str | None
    seconds: float | None
    exit_code: int | None
    note: str = ""


def enter(settings: Settings, entry: RunEntry) -> None:
    """Add a run; the oldest lines beyond the newest `KEPT` go."""
    entries = [*last_runs(settings, KEPT - 1), entry]
    path = _file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, "".join(json.dumps(asdict(e)) + "\n" for e in entries))


def last_runs(settings: Settings, count: int) -> list[RunEntry]:
    """Read the newest runs, the newest last; a line that cannot be understood is passed over."""
    path = _file(settings)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [entry for entry in map(_entry, lines) if entry is not None][-count:]


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _entry(line: str) -> RunEntry | None:
    try:
        return RunEntry(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _file(settings: Settings) -> Path:
    return settings.company_home / "runs.jsonl"
