"""Who is at work: one run (or other writer) a company, held by the system's own lock on a file.

The lock is the kernel's, so it is gone with the process that held it, however that ended. What the file says serves
people only: who holds it, or, when nobody does, whose end came too early to say so.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from dagster_project import clock
from dagster_project.machine import make_folder
from dagster_project.settings import Settings, StellaError

EXIT_HELD = 4
PAUSE_SECONDS = 0.2


class HeldError(StellaError):
    """Another process is at work."""

    exit_code = EXIT_HELD


@dataclass(frozen=True)
class Holder:
    """Who holds the lock: process, what it does, since when (ISO, UTC)."""

    pid: int
    verb: str
    since: str

    @property
    def sentence(self) -> str:
        """Who it is, in words."""
        return f"`{self.verb}` (process {self.pid}) since {datetime.fromisoformat(self.since):%Y-%m-%d %H:%M:%S} UTC"


@contextmanager
def hold(
    settings: Settings, verb: str, wait_seconds: float = 0, on_wait: Callable[[str], None] | None = None
) -> Iterator[Holder | None]:
    """Hold the company's lock; yields the holder that ended without releasing it, if the last one did.

    Args:
        settings: names the company's working folder.
        verb: what is to be done, for those who find the lock held.
        wait_seconds: how long to wait for another holder.
        on_wait: told once who that is.

    Raises:
        HeldError: another process holds it, and still does after the wait.
    """
    path = _file(settings)
    make_folder(path.parent)
    with path.open("a+", encoding="utf-8") as file:
        _acquire(file, settings, wait_seconds, on_wait)
        left = _read(path)
        _write(file, json.dumps(asdict(Holder(os.getpid(), verb, clock.now().isoformat()))))
        try:
            yield left
        finally:
            _write(file, "")


def holder(settings: Settings) -> Holder | None:
    """Tell who holds the lock now; none when nobody does."""
    path = _file(settings)
    if not path.is_file():
        return None
    with path.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(path) or Holder(0, "unknown", clock.now().isoformat())
    return None


def left_by(settings: Settings) -> Holder | None:
    """Tell who held the lock last and ended without releasing it; none while somebody holds it."""
    return None if holder(settings) else _read(_file(settings))


def lock_file(folder: Path) -> Path:
    """Name the file of the lock in a working folder."""
    return folder / "run.lock"


def _file(settings: Settings) -> Path:
    return lock_file(settings.company_home)


def _acquire(file: IO[str], settings: Settings, wait_seconds: float, on_wait: Callable[[str], None] | None) -> None:
    deadline = time.monotonic() + wait_seconds
    is_told = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = _read(_file(settings))
            who = other.sentence if other else "another process"
            if time.monotonic() >= deadline:
                raise HeldError(
                    f"{settings.company_name} is held by {who}. Wait for it to end (stella run --wait SECONDS does); "
                    "readers use the published file."
                ) from None
            if on_wait and not is_told:
                on_wait(who)
            is_told = True
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write(file: IO[str], text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()
