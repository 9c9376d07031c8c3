"""What one evaluation of the segments found, in numbers and in words.

Belongs here: the figures and their wording. Does not belong here: any customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class SegmentResult:
    """One segment on one day.

    Attributes:
        name: the segment.
        problem: what is wrong with its criterion; empty when it was evaluated. Membership then stays as it was.
        members: customers in it after the evaluation.
        entered: of these, those who came in on the day.
        exited: those who left on the day.
    """

    name: str
    problem: str
    members: int
    entered: int
    exited: int


@dataclass(frozen=True)
class SegmentReport:
    """All segments on one day; `seconds` is wall time."""

    as_of: date
    results: tuple[SegmentResult, ...]
    seconds: float

    @property
    def problems(self) -> list[str]:
        """One line per broken criterion: which, what, where, what to do."""
        return [f"segment {r.name}: {r.problem}" for r in self.results if r.problem]

    def summary(self) -> str:
        """Say in one line what a reader of the log wants to know."""
        sound = [r for r in self.results if not r.problem]
        moves = f"{sum(r.entered for r in sound):,} entered, {sum(r.exited for r in sound):,} left"
        broken = f"; {len(self.problems)} broken and skipped" if self.problems else ""
        return f"{len(sound)} segments as of {self.as_of}: {moves}{broken}"
