"""What a run leaves to be looked at: feeds, freshness, warnings, figures, taken down at its end.

It is a file beside the warehouse, because the warehouse itself cannot be opened while a run is at work.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from dagster_project import clock
from dagster_project.database import tables
from dagster_project.ingestion.freshness import freshness
from dagster_project.operations import reconciliation
from dagster_project.operations.outcome import RunOutcome
from dagster_project.operations.register import replace_text
from dagster_project.operations.session import Session
from dagster_project.settings import Settings, StellaError


@dataclass(frozen=True)
class FeedStock:
    """A feed: files and rows loaded so far; its newest record and what its contract promises (seconds), where known."""

    feed: str
    files: int
    rows_accepted: int
    rows_quarantined: int
    last_load: str
    basis: str | None = None
    newest: str | None = None
    promised_seconds: float | None = None

    def age(self, moment: datetime) -> timedelta | None:
        """How old the newest record is at a moment."""
        return moment - datetime.fromisoformat(self.newest) if self.newest else None

    def is_late(self, moment: datetime) -> bool:
        """Whether that is more than promised."""
        age = self.age(moment)
        return age is not None and self.promised_seconds is not None and age.total_seconds() > self.promised_seconds


@dataclass(frozen=True)
class Stock:
    """All of it. Warnings are sentences; `figures` pairs each line's name with its sentence and whether it ties out."""

    taken_at: str
    as_of: str | None
    feeds: list[FeedStock] = field(default_factory=list)
    not_taken_in: list[tuple[str, str, str, str]] = field(default_factory=list)
    checks: list[tuple[str, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    figures: list[tuple[str, str, bool]] = field(default_factory=list)


def take(session: Session, connection: duckdb.DuckDBPyConnection, outcome: RunOutcome) -> Stock:
    """Take down what is there at the end of a run."""
    failed = outcome.failed_checks
    line = reconciliation.line_of_plan(connection, session.settings)
    lines = [*reconciliation.lines_of_tables(connection), *([line] if line else [])]
    return Stock(
        taken_at=clock.now().isoformat(),
        as_of=_day(session, connection),
        feeds=_feeds(session, connection),
        not_taken_in=_not_taken_in(connection),
        checks=[(f"{c.asset} {c.name}", c.reason) for c in failed if c.name not in reconciliation.CHECKS],
        failures=[f"{step}: {reason}" for step, reason in outcome.failures.items()],
        stale=outcome.stale,
        figures=[(each.name, each.sentence, each.is_equal) for each in lines],
    )


def moment_of(session: Session) -> datetime:
    """Tell the moment at which feeds must be fresh: now, or the beginning of the day given by AS_OF."""
    day = session.settings.as_of
    return datetime(day.year, day.month, day.day, tzinfo=session.company.zone) if day else clock.now()


def keep(settings: Settings, stock: Stock) -> None:
    """Write it down, in place of the last."""
    replace_text(_file(settings), json.dumps(asdict(stock), indent=1))


def last(settings: Settings) -> Stock | None:
    """Read what the last run that ended left; none where there is nothing that can be understood."""
    try:
        found = json.loads(_file(settings).read_text(encoding="utf-8"))
        feeds = [FeedStock(**feed) for feed in found.pop("feeds")]
        return Stock(feeds=feeds, **found)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _file(settings: Settings) -> Path:
    return settings.company_home / "stock.json"


def _day(session: Session, connection: duckdb.DuckDBPyConnection) -> str | None:
    try:
        return session.as_of(connection).isoformat()
    except (StellaError, duckdb.Error):
        return None


def _feeds(session: Session, connection: duckdb.DuckDBPyConnection) -> list[FeedStock]:
    if "_load" not in tables(connection, "raw"):
        return []
    rows = connection.execute(
        """
        select feed, count(*) filter (where status = 'loaded'), coalesce(sum(rows_accepted), 0),
               coalesce(sum(rows_quarantined), 0), max(loaded_at)
        from raw._load where status <> 'held_back' group by feed order by feed
        """
    ).fetchall()
    return [_feed(session, connection, row) for row in rows]


def _feed(
    session: Session, connection: duckdb.DuckDBPyConnection, row: tuple[str, int, int, int, datetime]
) -> FeedStock:
    feed, files, accepted, quarantined, last_load = row
    stock = FeedStock(feed, files, accepted, quarantined, f"{last_load:%Y-%m-%d %H:%M}")
    contract = session.contracts.get(feed)
    fresh = freshness(connection, contract, session.company, session.settings.as_of) if contract else None
    if fresh is None:
        return stock
    promised = fresh.promised.total_seconds()
    return replace(stock, basis=fresh.basis, newest=fresh.newest.isoformat(), promised_seconds=promised)


def _not_taken_in(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str]]:
    """List the files whose last try was in vain: feed, file, set_aside or held_back, reason."""
    if "_load" not in tables(connection, "raw"):
        return []
    return connection.execute(
        """
        select feed, file, status, coalesce(reason, '')
        from (
            select * from raw._load
            qualify row_number() over (partition by feed, file order by load_id desc) = 1
        ) as last_try
        where status in ('set_aside', 'held_back')
        order by feed, file
        """
    ).fetchall()
