"""The verb `run`: the main job with its progress shown, its summary, and an exit code that a scheduler can read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from dagster_project import clock
from dagster_project.operations import summary
from dagster_project.operations.progress import show_on_terminal
from dagster_project.operations.session import Session
from dagster_project.operations.standing import Standing, forget, remember, still_standing

if TYPE_CHECKING:
    from dagster_project.defs.run import RunOutcome

EXIT_OK, EXIT_FAILED, EXIT_WARNINGS = 0, 1, 3


def run(session: Session, console: Console, is_forced: bool = False) -> int:
    """Run the whole way, its steps shown and its result summed up; not if it would only repeat the last run.

    Args:
        session: settings and company.
        console: where to print.
        is_forced: whether to run even then.

    Returns:
        0 when all is well, 1 when a step failed (the last publication stays), 3 when it ended with warnings: files set
        aside, or a batch held back.
    """
    settings = session.settings
    started, began = clock.now(), time.perf_counter()
    console.print(
        f"[bold]{escape(session.company.title or session.company.name)}[/bold]  working folder {settings.company_home}",
        highlight=False,
        soft_wrap=True,
    )
    _check_inputs(session)
    standing = None if is_forced else still_standing(session)
    if standing:
        return _show_standing(session, console, standing)
    forget(settings)
    from dagster_project.defs.run import run_main_job  # noqa: PLC0415 - Dagster takes seconds to import

    end = show_on_terminal(console)
    try:
        outcome = run_main_job(session)
    finally:
        end()
    with session.connection() as connection:
        landed = summary.landed_since(connection, started)
        summary.show_landed(console, landed, summary.quarantine_reasons(connection, started))
        _show_outcome(console, outcome)
        if outcome.is_success:
            summary.show_campaigns(console, connection, session.company.home_currency)
        exit_code = _exit_code(outcome, landed)
        if outcome.is_success:
            remember(session, connection, f"{clock.now():%Y-%m-%d %H:%M} UTC", exit_code)
    if outcome.is_success:
        summary.show_published(console, settings)
    console.print(f"\nDone in {time.perf_counter() - began:.0f} s.", highlight=False)
    return exit_code


def _exit_code(outcome: RunOutcome, landed: summary.Landed) -> int:
    if not outcome.is_success:
        return EXIT_FAILED
    return EXIT_WARNINGS if landed.set_aside else EXIT_OK


def _show_standing(session: Session, console: Console, standing: Standing) -> int:
    console.print(
        f"\nNothing new since the run that ended {standing.ended_at}: no new file, the same day, settings and code. "
        "To run all the same: stella run --force",
        highlight=False,
    )
    if standing.exit_code == EXIT_WARNINGS:
        console.print("  [yellow]It ended with warnings[/yellow]: stella status names the files.", highlight=False)
    with session.connection() as connection:
        summary.show_campaigns(console, connection, session.company.home_currency)
    summary.show_published(console, session.settings)
    return standing.exit_code


def _check_inputs(session: Session) -> None:
    """Read contracts and company before anything starts, so that a mistake in them is told at once."""
    _ = session.contracts, session.company


def _show_outcome(console: Console, outcome: RunOutcome) -> None:
    failed = [c for c in outcome.checks if not c.passed]
    console.print(
        f"\n[bold]Built[/bold]   {outcome.asset_count:,} tables; {len(outcome.checks):,} checks, "
        f"{len(outcome.checks) - len(failed):,} passed, {len(failed):,} not",
        highlight=False,
    )
    for check in failed:
        colour = "red" if check.is_blocking else "yellow"
        details = "; ".join(f"{k}: {v}" for k, v in check.details.items() if v not in {"", "none"})
        console.print(
            f"  [{colour}]{'failed' if check.is_blocking else 'warning'}[/{colour}] {check.asset} {check.name}: "
            f"{escape(details[:400])}",
            highlight=False,
            soft_wrap=True,
        )
    for step, reason in outcome.failures.items():
        console.print(f"  [red]step {step} failed[/red]: {escape(reason)}", highlight=False, soft_wrap=True)
    if not outcome.is_success:
        console.print("  The last publication stays in place. Mend the cause and run again: what was done is kept.")
