"""The end of a run, whoever started it: what is there is taken down, the run entered, whoever must know is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from dagster_project import clock
from dagster_project.operations import alerts, register, stock
from dagster_project.operations.lock import Holder
from dagster_project.operations.outcome import RunOutcome
from dagster_project.operations.session import Session


@dataclass(frozen=True)
class Closing:
    """The exit code, what was taken down (none where the disk is full), and what could not be told."""

    exit_code: int
    taken: stock.Stock | None
    warnings: list[str]


def close(session: Session, verb: str, started: datetime, outcome: RunOutcome) -> Closing:
    """End a run: nothing in here fails it."""
    settings = session.settings
    warnings: list[str] = []
    taken, refused = None, {}
    try:
        with session.connection() as connection:
            taken = stock.take(session, connection, outcome)
            refused = _refused(session, connection, started)
        stock.keep(settings, taken)
    except (duckdb.Error, OSError) as fault:
        warnings.append(f"what this run leaves could not be taken down ({type(fault).__name__})")
    late = _late(session, taken) if taken else []
    exit_code = outcome.exit_code(_is_set_aside(outcome))
    entry = register.RunEntry(
        verb, started.isoformat(), clock.now().isoformat(), (clock.now() - started).total_seconds(), exit_code,
        ", ".join(outcome.failures),
    )  # fmt: skip
    warnings += _enter(session, entry)
    warnings += alerts.send(settings, alerts.alerts_of(outcome, late, refused))
    return Closing(exit_code, taken, warnings)


def note_stopped(session: Session, left: Holder) -> list[str]:
    """Enter a run that ended without saying so, and tell of it; returns what could not be told."""
    entry = register.RunEntry(left.verb, left.since, None, None, None, "stopped before its end")
    return _enter(session, entry) + alerts.send(session.settings, [alerts.stopped(left.verb, left.since)])


def _enter(session: Session, entry: register.RunEntry) -> list[str]:
    try:
        register.enter(session.settings, entry)
    except OSError as fault:
        return [f"the run could not be entered in the register ({fault.strerror})"]
    return []


def _is_set_aside(outcome: RunOutcome) -> bool:
    return any(check.name == alerts.LANDED_CHECK for check in outcome.failed_checks)


def _late(session: Session, taken: stock.Stock) -> list[str]:
    moment = stock.moment_of(session)
    return [feed.feed for feed in taken.feeds if feed.is_late(moment)]


def _refused(
    session: Session, connection: duckdb.DuckDBPyConnection, started: datetime
) -> dict[str, tuple[int, int, float]]:
    """Count by feed the rows that came in and those refused since a moment, with the share that its contract bears."""
    rows = connection.execute(
        "select feed, sum(rows_in)::bigint, sum(rows_quarantined)::bigint from raw._load"
        " where loaded_at >= ? and status in ('loaded', 'held_back') group by feed order by feed",
        [started],
    ).fetchall()
    limits = {feed: contract.refused_share_limit for feed, contract in session.contracts.items()}
    return {feed: (rows_in, refused, limits.get(feed, 1.0)) for feed, rows_in, refused in rows}
