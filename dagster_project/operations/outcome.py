"""What became of a run, in plain terms: checks, failures, tables that kept their former content, and the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field

TESTS_CHECK = "tests_hold"
"""The check of a table that all its dbt tests are told by."""
KEPT = "kept"
"""Marks the materialisation of a table that was left as it is."""
EXIT_OK, EXIT_FAILED, EXIT_WARNINGS = 0, 1, 3


@dataclass(frozen=True)
class CheckOutcome:
    """One check's answer."""

    asset: str
    name: str
    passed: bool
    is_blocking: bool
    details: dict[str, str]

    @property
    def reason(self) -> str:
        """Its details in one line."""
        said = "; ".join(f"{k}: {v}" for k, v in self.details.items() if v not in {"", "none"})
        return said.replace("\n", "; ")


@dataclass(frozen=True)
class RunOutcome:
    """What became of a run.

    `stale` names the tables (schema/table) that it was to make and did not, `kept_count` tells how many it left as they
    were, because nothing had changed for them.
    """

    run_id: str
    is_success: bool
    asset_count: int
    checks: list[CheckOutcome] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    kept_count: int = 0

    @property
    def failed_checks(self) -> list[CheckOutcome]:
        """The checks that did not pass."""
        return [check for check in self.checks if not check.passed]

    @property
    def is_sound(self) -> bool:
        """Whether the dbt tests of every table hold."""
        return not any(check.name == TESTS_CHECK for check in self.failed_checks)

    def exit_code(self, is_set_aside: bool) -> int:
        """Give 0 when all is well, 1 when a step failed, 3 when a file was set aside or a check found an error."""
        if not self.is_success:
            return EXIT_FAILED
        return EXIT_WARNINGS if is_set_aside or any(c.is_blocking for c in self.failed_checks) else EXIT_OK
