"""Progress: every step is counted and shown once, failed ones too."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from dagster_project.operations import progress as module
from dagster_project.operations.progress import Progress, Step, show_on_terminal


def test_a_step_reports_its_rows_and_its_place() -> None:
    seen: list[tuple[str, int | None, int, int]] = []
    progress = Progress(listeners=[lambda step, done, total: seen.append((step.name, step.rows, done, total))])
    progress.expect(2)
    with progress.step("raw.order_lines") as step:
        step.rows = 12
    progress.finished(Step("staging.stg_order_lines", 11))
    assert seen == [("raw.order_lines", 12, 1, 2), ("staging.stg_order_lines", 11, 2, 2)]


def test_a_failed_step_is_shown_as_failed_and_the_fault_goes_on() -> None:
    progress = Progress()
    with pytest.raises(RuntimeError), progress.step("scores"):
        raise RuntimeError("no")
    assert [(s.name, s.failed) for s in progress.steps] == [("scores", True)]


def test_more_steps_than_expected_raise_the_total() -> None:
    progress = Progress()
    progress.finished(Step("a"))
    assert (progress.done, progress.total) == (1, 1)


def test_the_terminal_shows_rows_seconds_and_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress()
    monkeypatch.setattr(module, "progress", progress)
    out = io.StringIO()
    end = show_on_terminal(Console(file=out, width=120))
    progress.finished(Step("raw.contacts", 1234, 1.5, "6 quarantined"))
    end()
    progress.finished(Step("not shown"))
    assert "raw.contacts" in out.getvalue()
    assert "1,234" in out.getvalue()
    assert "6 quarantined" in out.getvalue()
    assert "not shown" not in out.getvalue()
