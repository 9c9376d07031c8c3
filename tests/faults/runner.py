"""What the tests of faults share: runs to be killed, a reader that never stops looking, and what a warehouse holds."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import duckdb

from dagster_project.settings import REPOSITORY
from tests.integration.runs import OF_THE_RUN, content

AS_OF = "2026-07-01"


@dataclass
class Shop:
    """A tiny company that has been run once; `today` holds files that no run has seen, `kept` its folder as it was."""

    company: Path
    home: Path
    kept: Path
    today: Path

    @property
    def folder(self) -> Path:
        return self.home / self.company.name

    @property
    def database(self) -> Path:
        return self.folder / "build.duckdb"

    @property
    def published(self) -> Path:
        return self.folder / "published" / "stella.duckdb"

    def outbox(self) -> dict[str, str]:
        """The files that wait to be sent, by name."""
        return {str(path.relative_to(self.folder)): path.read_text() for path in self.folder.glob("outbox/*/*")}

    def empty(self) -> None:
        """Leave nothing but the files of the first run."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.kept / "landing", self.folder / "landing")

    def restore(self, with_todays_files: bool = True) -> None:
        """Put everything back to how it was after the first run, with or without new files to load."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.kept, self.folder, symlinks=True)
        if with_todays_files:
            shutil.copytree(self.today, self.folder / "landing", dirs_exist_ok=True)


@dataclass
class Forker:
    """The warm process that forks runs; see `forker.py`."""

    shop: Shop
    process: subprocess.Popen[str] = field(init=False)
    log: Path = field(init=False)

    def __enter__(self) -> Forker:
        self.log = self.shop.home / "run.log"
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env={
                **os.environ,
                "PYTHONPATH": str(REPOSITORY),
                "STELLA_HOME": str(self.shop.home),
                "COMPANY": str(self.shop.company),
                "AS_OF": AS_OF,
            },
        )
        assert self._read() == "ready"
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def start(self, *arguments: str, breaking: str = "", **environment: str) -> int:
        """Start a run; returns its process. A model may be named that fails in it."""
        self.log.unlink(missing_ok=True)
        order = {"arguments": arguments, "environment": environment, "log": str(self.log), "breaking": breaking}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self._read())

    def wait(self) -> int:
        """Wait for the run that was started; returns its exit code, negative for a signal."""
        return int(self._read())

    def run(self, *arguments: str, breaking: str = "", **environment: str) -> tuple[int, str]:
        """Run to the end; returns exit code and what was said."""
        self.start(*arguments, breaking=breaking, **environment)
        return self.wait(), self.log.read_text()

    def steps(self) -> list[tuple[str, float]]:
        """The steps that the run has shown so far, with their seconds."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        found = [re.match(r".{0,2} *\d+/\d+ *(\S+).*? (\d+\.\d\d) s(  |$)", line) for line in lines]
        return [(step[1], float(step[2])) for step in found if step]

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


Held = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Undisturbed:
    """What was published before and after a run, what was built and put out, its steps with their seconds, its code."""

    before: Held | None
    after: Held
    built: Held
    outbox: dict[str, str]
    steps: list[tuple[str, float]]
    code: int


@dataclass
class Watcher:
    """Opens the published file again and again, as a reader would, and notes what it finds of each version."""

    published: Path
    polls: int = 0
    found: dict[str, Held] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[Watcher]:
        done = threading.Event()
        thread = threading.Thread(target=self._watch, args=(done,))
        thread.start()
        try:
            yield self
        finally:
            done.set()
            thread.join()

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(0.2):
            if not self.published.is_symlink():
                continue
            try:
                version = self.published.resolve(strict=True)
                self._look_at(version)
            except (duckdb.Error, OSError) as fault:
                self.faults.append(str(fault))
            self.polls += 1

    def _look_at(self, version: Path) -> None:
        with duckdb.connect(str(version), read_only=True) as reader:
            (ties_out,) = reader.execute("select bool_and(is_equal) from marts.mart_reconciliation").fetchone() or (0,)
        if not ties_out:
            self.faults.append(f"{version.name} does not tie out")
        if version.name not in self.found:
            self.found[version.name] = content(version)


def built(database: Path) -> dict[str, tuple[int, int]]:
    """What the warehouse holds, but for the register, which numbers the tries, and what a run has touched."""
    register = ("raw._", "staging.stg_loads")
    return {
        name: held
        for name, held in content(database).items()
        if not name.startswith(register) and not name.endswith(OF_THE_RUN)
    }
