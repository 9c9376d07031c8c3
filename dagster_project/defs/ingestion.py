"""The 26 feeds as assets: each is loaded and its batch looked at; one that breaks a blocking rule is held back."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project.database import count
from dagster_project.defs.freshness import policy_of_feed
from dagster_project.ingestion.contracts import load_contracts
from dagster_project.ingestion.ingest import FeedOutcome, ingest
from dagster_project.operations.alerts import BATCH_CHECK, LANDED_CHECK
from dagster_project.operations.progress import Step, progress
from dagster_project.operations.session import CONTRACTS, Session

LOAD_LOG = ["raw", "_load"]
FEEDS = load_contracts(CONTRACTS)


def _spec(key: list[str], description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        group_name=key[0],
        deps=[["landing", "feeds"]],
        description=description,
        skippable=True,
        freshness_policy=policy_of_feed(key[1]) if key[0] == "raw" else None,
    )


@dg.multi_asset(
    specs=[
        *(_spec(["raw", name], contract.purpose) for name, contract in FEEDS.items()),
        *(_spec(["quarantine", name], f"Refused rows of {name}, whole, with the rule they broke.") for name in FEEDS),
        _spec(LOAD_LOG, "One row per file tried."),
    ],
    check_specs=[
        dg.AssetCheckSpec(check, asset=dg.AssetKey(["raw", name]))
        for name in FEEDS
        for check in (BATCH_CHECK, LANDED_CHECK)
    ],
    can_subset=True,
    required_resource_keys={"session"},
    name="ingestion",
)
def ingestion(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Load what is new in each feed."""
    session: Session = context.resources.session
    selected = [name for name in FEEDS if dg.AssetKey(["raw", name]) in context.selected_asset_keys]
    # A run that Dagster starts must refuse too, before it loads anything.
    company, contracts, key = session.company, session.contracts, session.pseudonym_key
    accepted = session.accepted
    with session.connection() as connection:
        for outcome in ingest(connection, session.settings, company, contracts, selected, accepted, key=key):
            progress.finished(_step(outcome))
            session.said.extend(f"{outcome.report.feed}: {said}" for said in outcome.report.warnings)
            yield from _events(outcome)
        session.outdated.update(session.forget_old(connection))
        yield dg.MaterializeResult(asset_key=LOAD_LOG, metadata={"dagster/row_count": count(connection, "raw._load")})


def _step(outcome: FeedOutcome) -> Step:
    report = outcome.report
    notes = [f"{report.rows_quarantined:,} quarantined"] if report.rows_quarantined else []
    notes += [f"{len(report.set_aside)} files set aside"] if report.set_aside else []
    notes += [f"{report.vanished.rows:,} vanished"] if report.vanished.rows else []
    notes += ["held back"] if outcome.is_held_back else []
    return Step(f"raw.{report.feed}", report.rows_accepted, outcome.seconds, ", ".join(notes))


def _events(outcome: FeedOutcome) -> Iterator[Any]:
    report = outcome.report
    asset_key = dg.AssetKey(["raw", report.feed])
    yield dg.MaterializeResult(
        asset_key=asset_key,
        metadata={
            "rows in": report.rows_in,
            "rows accepted": report.rows_accepted,
            "rows quarantined": report.rows_quarantined,
            "rows unchanged": report.rows_unchanged,
            "records vanished": report.vanished.rows,
            "warnings": "\n".join(report.warnings) or "none",
        },
    )
    yield dg.MaterializeResult(
        asset_key=["quarantine", report.feed], metadata={"rows refused": report.rows_quarantined}
    )
    yield dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=LANDED_CHECK,
        passed=not report.set_aside,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"set aside": "\n".join(f"{file}: {reason}" for file, reason in report.set_aside) or "none"},
    )
    results = outcome.batch.results if outcome.batch else []
    yield dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=BATCH_CHECK,
        passed=not outcome.breaches,
        severity=dg.AssetCheckSeverity.ERROR if outcome.is_held_back else dg.AssetCheckSeverity.WARN,
        metadata={"expectations": len(results), "breaches": "\n".join(outcome.breaches) or "none"},
    )
