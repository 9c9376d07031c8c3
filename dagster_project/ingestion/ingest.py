"""One run's ingestion: each feed loaded, its batch looked at, and a batch that must not go on held back.

Belongs here: the order of the steps and what a blocking breach does. Loading itself is in `loading`, the expectations
in `validation`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from dagster_project.ingestion.backfill import Days
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.contracts import Contract
from dagster_project.ingestion.freshness import Freshness, freshness
from dagster_project.ingestion.loading import FeedReport, load_feed, prepare
from dagster_project.ingestion.references import in_order_of_reference, missing_references
from dagster_project.ingestion.store import next_moment
from dagster_project.ingestion.validation import BatchResult, Validation, open_validation
from dagster_project.ingestion.validation_batch import newest_batch
from dagster_project.privacy.key import PseudonymKey
from dagster_project.settings import Settings


@dataclass(frozen=True)
class FeedOutcome:
    """What became of one feed in one run: what was loaded, and what the expectations found (none: nothing came).

    `freshness` is none where nothing is promised.
    """

    report: FeedReport
    batch: BatchResult | None
    seconds: float
    freshness: Freshness | None = None

    @property
    def is_held_back(self) -> bool:
        """Whether the batch broke an expectation that the contract calls blocking, so that none of it went in."""
        return self.batch is not None and self.batch.blocking

    @property
    def breaches(self) -> list[str]:
        """What is to be said of the batch, and of the feed where it is late."""
        said = [check.message for check in self.batch.failures] if self.batch else []
        return said + ([self.freshness.sentence] if self.freshness and self.freshness.is_late else [])


def ingest(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    company: Company,
    contracts: Mapping[str, Contract],
    feeds: Sequence[str],
    accepted_anyway: Sequence[str] = (),
    days: Days | None = None,
    key: PseudonymKey | None = None,
) -> Iterator[FeedOutcome]:
    """Load the feeds one by one, those that others refer to first; yield what became of each, then write the data docs.

    Args:
        connection: the open warehouse.
        settings: limits and folders.
        company: where the records come from.
        contracts: every contract by feed.
        feeds: which to load.
        accepted_anyway: feeds whose batch goes in even when it breaks a blocking expectation.
        days: where given, what is known of these days is taken in again.
        key: with which the tombstones of erased persons were made.

    Raises:
        StellaError: the company lacks a required feed, a mapping cannot be understood, days are given for a feed
            whose records are of none, or the key of a tombstone is not given.
    """
    prepare(connection, contracts)
    validation = open_validation(settings)
    for feed in in_order_of_reference(feeds, contracts):
        started, clock = next_moment(connection), time.perf_counter()
        report = load_feed(connection, settings, company, contracts[feed], days, key)
        result = _look_at(connection, company, contracts, report, started, validation, feed in accepted_anyway)
        fresh = freshness(connection, contracts[feed], company, settings.as_of)
        yield FeedOutcome(report, result, time.perf_counter() - clock, fresh)
    validation.build_docs()


def _look_at(
    connection: duckdb.DuckDBPyConnection,
    company: Company,
    contracts: Mapping[str, Contract],
    report: FeedReport,
    since: datetime,
    validation: Validation,
    is_accepted_anyway: bool,
) -> BatchResult | None:
    """Hold what was just loaded against the expectations; take it out again where a blocking one is broken."""
    feed = report.feed
    batch = newest_batch(connection, feed, since)
    if batch is None:
        return None
    missing = missing_references(connection, contracts, company.feeds, batch)
    result = validation.validate(connection, contracts[feed], batch, missing, report.vanished)
    if result.blocking and is_accepted_anyway:
        return replace(result, blocking=False)
    if result.blocking:
        _hold_back(connection, feed, since, result)
    return result


def _hold_back(connection: duckdb.DuckDBPyConnection, feed: str, since: datetime, result: BatchResult) -> None:
    """Take a batch out again; its files stay known as held back and are tried again by the next run."""
    reason = "; ".join(check.message for check in result.failures if check.severity == "error")
    if "STELLA_ACCEPT" not in reason:
        reason += f" (if the batch is right as it is, STELLA_ACCEPT={feed} lets it in)"
    connection.execute("begin")
    for schema in ("raw", "quarantine"):
        connection.execute(f'delete from {schema}."{feed}" where _loaded_at >= ?', [since])
    connection.execute(
        "update raw._load set status = 'held_back', reason = ? where feed = ? and status = 'loaded' and loaded_at >= ?",
        [reason, feed, since],
    )
    connection.execute("commit")
