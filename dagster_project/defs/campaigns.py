"""What to do next: decisions, the outbox, and the published file that readers open."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project import decisions
from dagster_project.defs.customers import SCORES, keys
from dagster_project.defs.transformation import MANIFEST
from dagster_project.operations.progress import progress
from dagster_project.operations.session import Session
from dagster_project.publishing.privacy import describe
from dagster_project.publishing.publish import publish
from dagster_project.scoring import FEATURE_TABLES

DECISIONS = sorted(decisions.TABLES)
LIMITS_CHECK = "plan_keeps_its_limits"
DECISION_INPUTS = [
    *keys(
        "warehouse", "dim_customer", "dim_campaign", "dim_channel", "bridge_campaign_channel", "fct_campaign_contact"
    ),
    *keys("warehouse", "bridge_customer_identity", "fct_order_line", "fct_touchpoint", "fct_consent"),
    *keys("warehouse", "bridge_customer_merged", "fct_service_case", "fct_segment_membership", "fct_suppression"),
    *keys("scores", *SCORES),
]


@dg.multi_asset(
    specs=[dg.AssetSpec(key, group_name="decisions", deps=DECISION_INPUTS) for key in keys("decisions", *DECISIONS)],
    check_specs=[dg.AssetCheckSpec(LIMITS_CHECK, asset=dg.AssetKey(["decisions", "contact_plan"]))],
    required_resource_keys={"session"},
    name="decisions",
)
def decide(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Rank the campaigns by expected profit and plan the contacts within every limit."""
    session: Session = context.resources.session
    with progress.step("decisions") as step, session.connection() as connection:
        policy = decisions.DecisionPolicy.from_company(session.policies)
        report = decisions.decide(connection, session.settings, policy, session.as_of(connection))
        for table in DECISIONS:
            yield dg.MaterializeResult(
                asset_key=["decisions", table], metadata={"dagster/row_count": report.rows.get(table, 0)}
            )
        step.rows = report.rows.get("contact_plan", 0)
        step.note = " ".join(report.notes)
        violations = decisions.violations(connection)
        yield dg.AssetCheckResult(
            asset_key=["decisions", "contact_plan"],
            check_name=LIMITS_CHECK,
            passed=not violations,
            metadata={"violations": "\n".join(map(str, violations)) or "none"},
        )


@dg.asset(
    key=["outbox", "files"],
    group_name="outbox",
    deps=keys("decisions", "contact_plan"),
    required_resource_keys={"session"},
    description="Planned contacts, one CSV a channel, for those who execute campaigns.",
)
def outbox(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Write the contacts that are to be made, controls left out."""
    session: Session = context.resources.session
    with progress.step("outbox") as step, session.connection() as connection:
        files = decisions.write_outbox(connection, session.settings)
        step.note = ", ".join(sorted(f.stem for f in files))
    return dg.MaterializeResult(metadata={"files": "\n".join(map(str, files))})


@dg.asset(
    key=["published", "stella"],
    group_name="published",
    deps=[
        *keys("warehouse"),
        *keys("marts"),
        *keys("scores", *SCORES, *FEATURE_TABLES),
        *keys("decisions", *DECISIONS),
    ],
    required_resource_keys={"session"},
    description="The read-only copy without personal columns that SQL clients and BI tools open.",
)
def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Make, check and swap in a new version."""
    session: Session = context.resources.session
    with progress.step("published.stella") as step, session.connection() as connection:
        key = session.key_to_publish(connection)
        day, kept = session.as_of(connection), session.kept if session.is_daily else None
        publication = publish(connection, session.settings, describe(MANIFEST), day, key, kept)
        step.rows = publication.row_count
    return dg.MaterializeResult(
        metadata={"path": str(publication.link), "version": publication.version.name, "tables": publication.table_count}
    )
