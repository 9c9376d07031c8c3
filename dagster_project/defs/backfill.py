"""Days of the feeds of events, to be taken in again by hand: a partition a day, a range of them in one run.

They are assets beside the feeds', because a feed's own asset takes in what is new, of whatever day.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from dagster_project.defs.ingestion import FEEDS
from dagster_project.ingestion.backfill import Days
from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.ingest import ingest
from dagster_project.operations.progress import Step, progress
from dagster_project.operations.session import Session
from dagster_project.settings import get_settings

FEEDS_OF_EVENTS = [feed for feed, contract in FEEDS.items() if contract.event_time]
DAYS = dg.DailyPartitionsDefinition(
    start_date="2000-01-01", timezone=load_company(get_settings().company_folder).time_zone, end_offset=1
)


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            ["backfill", feed],
            group_name="backfill",
            deps=[["landing", "feeds"]],
            description=f"Days of {feed} judged anew, by the contract and company of today. Run the job afterwards.",
            skippable=True,
        )
        for feed in FEEDS_OF_EVENTS
    ],
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
    required_resource_keys={"session"},
    name="backfill",
)
def backfill(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Load what is known of the chosen days again, and what is new of the chosen feeds."""
    session: Session = context.resources.session
    chosen = {key.path[-1] for key in context.selected_asset_keys}
    feeds = [feed for feed in FEEDS_OF_EVENTS if feed in chosen and feed in session.company.feeds]
    asked = context.partition_key_range
    days = Days(date.fromisoformat(asked.start), date.fromisoformat(asked.end))
    with session.connection() as connection:
        company, contracts, key = session.company, session.contracts, session.pseudonym_key
        for outcome in ingest(connection, session.settings, company, contracts, feeds, days=days, key=key):
            report = outcome.report
            progress.finished(Step(f"raw.{report.feed}", report.rows_accepted, outcome.seconds))
            yield dg.MaterializeResult(
                asset_key=["backfill", report.feed],
                metadata={
                    "rows in": report.rows_in,
                    "rows accepted": report.rows_accepted,
                    "rows quarantined": report.rows_quarantined,
                    "rows unchanged": report.rows_unchanged,
                },
            )
