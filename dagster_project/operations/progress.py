"""What a run says while it works: which step of how many, rows, seconds.

The rooms report here and do not know who listens: the terminal, Dagster's log, or nobody.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status

from dagster_project.operations.plain import plain


@dataclass
class Step:
    """One finished step."""

    name: str
    rows: int | None = None
    seconds: float = 0.0
    note: str = ""
    failed: bool = False
    ended: float = 0.0


@dataclass
class Progress:
    """Counts steps and shows each to its listeners.

    `total` may grow while the run learns what there is to do.
    """

    total: int = 0
    done: int = 0
    listeners: list[Callable[[Step, int, int], None]] = field(default_factory=list)
    starters: list[Callable[[str], None]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def expect(self, steps: int) -> None:
        """Announce so many more steps."""
        self.total += steps

    def started(self, name: str) -> None:
        """Say that a step begins."""
        for starter in self.starters:
            starter(name)

    def finished(self, step: Step) -> None:
        """Count a step and show it."""
        step.ended = time.perf_counter()
        self.done += 1
        self.total = max(self.total, self.done)
        self.steps.append(step)
        for listener in self.listeners:
            listener(step, self.done, self.total)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time a step; set `rows` and `note` on what is yielded."""
        step = Step(name)
        self.started(name)
        clock = time.perf_counter()
        try:
            yield step
        except BaseException:
            step.failed = True
            raise
        finally:
            step.seconds = time.perf_counter() - clock
            self.finished(step)


progress = Progress()
"""The one run of this process."""


def show_on_terminal(console: Console) -> Callable[[], None]:
    """Print each step as it ends, and on a terminal what is at work; returns the function that ends it."""
    status: Status | None = None

    def begin(name: str) -> None:
        nonlocal status
        if not console.is_terminal:
            return
        if status is None:
            status = console.status(name, spinner="dots")
            status.start()
        status.update(f"{name} …")

    def show(step: Step, done: int, total: int) -> None:
        rows = f"{step.rows:>12,}" if step.rows is not None else " " * 12
        mark = "[red]✗[/red]" if step.failed else " "
        note = f"  [yellow]{plain(step.note)}[/yellow]" if step.note else ""
        console.print(
            f"{mark}[dim]{done:>4}/{total:<4}[/dim]{plain(step.name):<52}{rows} {step.seconds:>7.2f} s{note}",
            highlight=False,
            soft_wrap=True,
        )
        sys.stdout.flush()

    progress.starters.append(begin)
    progress.listeners.append(show)

    def end() -> None:
        if status is not None:
            status.stop()
        progress.starters.remove(begin)
        progress.listeners.remove(show)

    return end
