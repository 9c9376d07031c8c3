"""The verb `load`: feeds taken in and nothing built; a range of days again, where one is given."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from dagster_project import clock
from dagster_project.ingestion.backfill import Days, event_time
from dagster_project.ingestion.ingest import FeedOutcome, ingest
from dagster_project.operations import summary
from dagster_project.operations.lock import hold
from dagster_project.operations.outcome import EXIT_OK, EXIT_WARNINGS
from dagster_project.operations.plain import plain
from dagster_project.operations.session import Session
from dagster_project.operations.standing import forget
from dagster_project.settings import StellaError

VERB = "stella load"


def load(session: Session, console: Console, feeds: Sequence[str], days: Days | None) -> int:
    """Load what is new of these feeds, and of these days what is known, judged by today's contract and company.

    Returns:
        0 when all is well; 3 when a file was set aside or a batch held back.

    Raises:
        StellaError: a feed is none of the company's, or its records are of no day and days are given.
        HeldError: another run is at work.
    """
    _check(session, feeds, days)
    started = clock.now()
    with hold(session.settings, VERB, session.settings.lock_wait), session.connection() as connection:
        forget(session.settings)
        company, contracts, key = session.company, session.contracts, session.pseudonym_key
        outcomes = list(ingest(connection, session.settings, company, contracts, feeds, session.accepted, days, key))
        summary.show_landed(
            console, summary.landed_since(connection, started), summary.quarantine_reasons(connection, started)
        )
    warnings = [f"{outcome.report.feed}: {said}" for outcome in outcomes for said in _warnings(outcome)]
    for warning in warnings:
        console.print(f"  [yellow]warning[/yellow] {plain(warning)}", highlight=False, soft_wrap=True)
    console.print("\nThe tables are as they were: stella run brings the new rows into them.", highlight=False)
    is_warning = any(outcome.is_held_back or outcome.report.set_aside for outcome in outcomes)
    return EXIT_WARNINGS if is_warning else EXIT_OK


def _check(session: Session, feeds: Sequence[str], days: Days | None) -> None:
    _ = session.accepted
    for feed in feeds:
        if feed not in session.company.feeds:
            raise StellaError(
                f"--feed {feed}: {session.company.name} has no such feed. It has: {', '.join(session.company.feeds)}."
            )
        if days is not None:
            event_time(session.contracts[feed])


def _warnings(outcome: FeedOutcome) -> list[str]:
    held = ["the batch was held back"] if outcome.is_held_back else []
    return [*held, *outcome.report.warnings, *outcome.breaches]
