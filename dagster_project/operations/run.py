"""The verb `run`: the main job with its progress shown, its summary, and an exit code that a scheduler can read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from dagster_project import clock, collecting, machine
from dagster_project.ingestion.store import check_columns
from dagster_project.operations import reconciliation, summary, upkeep
from dagster_project.operations.closing import close, note_stopped
from dagster_project.operations.lock import hold
from dagster_project.operations.outcome import EXIT_WARNINGS, RunOutcome
from dagster_project.operations.plain import plain
from dagster_project.operations.progress import show_on_terminal
from dagster_project.operations.session import Session
from dagster_project.operations.standing import Standing, forget, remember, still_standing
from dagster_project.settings import StellaError

VERB, RETRY, REBUILD = "stella run", "stella retry", "stella rebuild"


def run(
    session: Session, console: Console, is_forced: bool = False, wait_seconds: int | None = None, is_full: bool = False
) -> int:
    """Run the whole way, its steps shown and its result summed up; not if it would only repeat the last run.

    Args:
        session: settings and company.
        console: where to print.
        is_forced: whether to run even then.
        wait_seconds: how long to wait for another run of the company to end; the setting's, if not given.
        is_full: whether to build every table whole, and to run even if nothing is new.

    Returns:
        0 when all is well, 1 when a step failed (the last publication stays), 3 when it ended with warnings: files set
        aside, a batch held back, or a check that failed.

    Raises:
        HeldError: another run is at work, and still is after the wait (exit code 4).
    """
    settings = session.settings
    console.print(
        f"[bold]{plain(session.company.title or session.company.name)}[/bold]  "
        f"working folder {plain(settings.company_home)}",
        highlight=False,
        soft_wrap=True,
    )
    _check_inputs(session)
    patience = settings.lock_wait if wait_seconds is None else wait_seconds
    with hold(settings, VERB, patience, lambda who: _say(console, f"Waiting for {who}.")) as left:
        if left:
            _say(console, f"The run {left.sentence} was stopped before its end; this one takes up what it left.")
            _warn(console, note_stopped(session, left))
        standing = None if is_forced or is_full else still_standing(session)
        if standing:
            return _show_standing(session, console, standing)
        return _run_all(session if is_full else _with_what_is_built(session), console)


def _with_what_is_built(session: Session) -> Session:
    """Tell the session up to which load the tables are built, if they may be brought up to date."""
    with session.connection() as connection:
        known_to = upkeep.known_to(session, connection)
        return replace(
            session,
            known_to=known_to,
            is_sound=upkeep.is_sound(session.settings),
            blocks=upkeep.blocks_without_gaps(session.settings, connection) if known_to else 0,
        )


def run_part(session: Session, console: Console, tables: Sequence[str] = (), wait_seconds: int | None = None) -> int:
    """Take up the last run where it failed or was stopped; or make tables anew, with all that draws on them.

    Nothing is loaded that the last run has loaded, and what it made is not made again. The next `stella run` is a
    whole one.

    Args:
        session: settings and company.
        console: where to print.
        tables: which (table, schema.table or schema); none means what the last run left undone.
        wait_seconds: how long to wait for another run of the company to end; the setting's, if not given.

    Returns:
        The same as `run`.

    Raises:
        StellaError: no run has been made, no table has such a name, there is nothing to take up, or a contract has won
            a column since the last load.
        HeldError: another run is at work.
    """
    settings, verb = session.settings, REBUILD if tables else RETRY
    _check_inputs(session)
    if not settings.database.is_file():
        raise StellaError(f"No run has been made yet for {settings.company_name}. Run `stella run` first.")
    patience = settings.lock_wait if wait_seconds is None else wait_seconds
    with hold(settings, verb, patience, lambda who: _say(console, f"Waiting for {who}.")) as left:
        if left:
            _say(console, f"The run {left.sentence} was stopped before its end; this one takes up what it left.")
            _warn(console, note_stopped(session, left))
        with session.connection() as connection:
            check_columns(connection, session.contracts)
        return _run_all(session, console, verb, tables)


def _run_all(session: Session, console: Console, verb: str = VERB, tables: Sequence[str] = ()) -> int:
    settings = session.settings
    started, began = clock.now(), time.perf_counter()

    def start() -> None:
        forget(settings)
        upkeep.forget(settings)

    with collecting.held():
        from dagster_project.defs.run import run_job  # noqa: PLC0415 - Dagster takes seconds to import

    end = show_on_terminal(console)
    try:
        outcome = run_job(session, tables=tables, is_retry=verb == RETRY, on_start=start)
    except StellaError:
        raise
    except Exception as fault:
        # Dagster's own records need the disk too: where they cannot be written, no step is there to fail.
        said = machine.told(fault)
        if said is None:
            raise
        outcome = RunOutcome("", is_success=False, asset_count=0, failures={"run": said})
    finally:
        end()
    closing = close(session, verb, started, outcome)
    with session.connection() as connection:
        reasons = summary.quarantine_reasons(connection, started)
        summary.show_landed(console, summary.landed_since(connection, started), reasons, session.said)
        show_outcome(console, outcome)
        if closing.taken:
            summary.show_figures(console, closing.taken.figures)
        if outcome.is_success:
            summary.show_campaigns(console, connection, session.company.home_currency)
            if verb == VERB:
                remember(session, connection, f"{clock.now():%Y-%m-%d %H:%M} UTC", closing.exit_code)
                if not outcome.stale:
                    upkeep.remember(session, connection, outcome.is_sound)
    if outcome.is_success:
        summary.show_published(console, settings)
    else:
        console.print("The last publication stays in place. Mend the cause and go on: stella retry.")
    _warn(console, closing.warnings)
    console.print(f"\nDone in {time.perf_counter() - began:.0f} s.", highlight=False)
    return closing.exit_code


def _say(console: Console, sentence: str) -> None:
    console.print(f"[yellow]{plain(sentence)}[/yellow]", highlight=False, soft_wrap=True)


def _warn(console: Console, warnings: list[str]) -> None:
    for warning in warnings:
        console.print(f"  [yellow]warning[/yellow] {plain(warning)}", highlight=False, soft_wrap=True)


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
    """Read contracts, company, key and STELLA_ACCEPT before anything starts: a mistake in them is told at once."""
    _ = session.contracts, session.company, session.pseudonym_key, session.accepted


def show_outcome(console: Console, outcome: RunOutcome) -> None:
    """Print how many tables were built, or left alone, which checks do not hold, and which steps failed."""
    failed = outcome.failed_checks
    kept = f", {outcome.kept_count:,} left as they were" if outcome.kept_count else ""
    console.print(
        f"\n[bold]Built[/bold]   {outcome.asset_count:,} tables{kept}; {len(outcome.checks):,} checks, "
        f"{len(outcome.checks) - len(failed):,} passed, {len(failed):,} not",
        highlight=False,
    )
    for check in failed:
        if check.name in reconciliation.CHECKS:
            continue
        colour = "red" if check.is_blocking else "yellow"
        console.print(
            f"  [{colour}]{'failed' if check.is_blocking else 'warning'}[/{colour}] {check.asset} {check.name}: "
            f"{plain(check.reason[:400])}",
            highlight=False,
            soft_wrap=True,
        )
    for step, reason in outcome.failures.items():
        console.print(f"  [red]step {step} failed[/red]: {plain(reason)}", highlight=False, soft_wrap=True)
