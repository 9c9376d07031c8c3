"""Who the customers are and what they are worth: identity, scores, segments, around the rooms' plain functions."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from dagster_project import identity, scoring, segmentation
from dagster_project.database import count
from dagster_project.defs.transformation import MODELS
from dagster_project.operations.progress import progress
from dagster_project.operations.session import Session

SCORES = sorted(scoring.TABLES)
SEGMENT_LEDGERS = ["segment_definition_history", "segment_ledger"]
BASELINE_CHECK = "beats_naive_baselines"
CRITERIA_CHECK = "criteria_are_sound"
LEAKAGE_CHECK = "features_know_nothing_of_the_future"
LEAKAGE_DAYS = 91


def keys(schema: str, *tables: str) -> list[dg.AssetKey]:
    """Name assets of one schema; without tables, every dbt model and seed in it."""
    named = tables or tuple(sorted(t for s, t in MODELS if s == schema))
    return [dg.AssetKey([schema, table]) for table in named]


SCORE_INPUTS = [
    *keys("warehouse", "dim_customer", "fct_order_line", "fct_return", "fct_touchpoint", "fct_service_case"),
    *keys("warehouse", "bridge_customer_merged"),
]
IDENTITY_INPUTS = [*keys("staging"), *keys("reference", "identity_decision")]
IDENTITY_TABLES = {
    "identity_ledger": "Which identifier belongs to which customer, by which rule, believed from when.",
    "identity_review": "Pairs of records whose link the policy refused, for a steward to decide.",
}
SEGMENT_INPUTS = [*keys("marts", "mart_customer_360"), *keys("reference", "segment")]


@dg.multi_asset(
    specs=[
        dg.AssetSpec(key, group_name="intermediate", deps=IDENTITY_INPUTS, description=IDENTITY_TABLES[key.path[-1]])
        for key in keys("intermediate", *IDENTITY_TABLES)
    ],
    required_resource_keys={"session"},
    name="identity",
)
def identities(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Resolve which records are the same customer."""
    session: Session = context.resources.session
    with progress.step("intermediate.identity_ledger") as step, session.connection() as connection:
        report = identity.resolve(connection, loaded_after=session.known_to if session.is_daily else None)
        for table in IDENTITY_TABLES:
            rows = count(connection, f"intermediate.{table}")
            yield dg.MaterializeResult(
                asset_key=["intermediate", table],
                metadata={"dagster/row_count": rows, "found": report.summary()},
            )
        step.rows = count(connection, "intermediate.identity_ledger")
        step.note = report.note


@dg.multi_asset(
    specs=[dg.AssetSpec(key, group_name="scores", deps=SCORE_INPUTS) for key in keys("scores", *SCORES)],
    check_specs=[dg.AssetCheckSpec(BASELINE_CHECK, asset=dg.AssetKey(["scores", "score_backtest"]))],
    required_resource_keys={"session"},
    name="scores",
)
def scores(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Score every customer as of the day, and judge the scores on a held-back window."""
    session: Session = context.resources.session
    with progress.step("scores") as step, session.connection() as connection:
        policy = scoring.ScoringPolicy.from_company(session.policies)
        report = scoring.score_customers(connection, session.as_of(connection), policy)
        for table in SCORES:
            rows = report.rows.get(table, 0)
            yield dg.MaterializeResult(asset_key=["scores", table], metadata={"dagster/row_count": rows})
        step.rows = sum(report.rows.values())
        step.note = "; ".join(report.warnings)
        lines: list[dict[str, Any]] = report.backtest.to_dict("records")  # type: ignore[assignment]
        yield dg.AssetCheckResult(
            asset_key=["scores", "score_backtest"],
            check_name=BASELINE_CHECK,
            passed=all(line["is_better"] for line in lines),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"{model_name} {metric} against {baseline_name}".format(**line): _verdict(line) for line in lines},
        )


@dg.asset(
    key=["scores", "customer_feature"],
    group_name="scores",
    deps=[*SCORE_INPUTS, *keys("warehouse", "fct_web_session", "fct_loyalty_entry")],
    check_specs=[dg.AssetCheckSpec(LEAKAGE_CHECK, asset=dg.AssetKey(["scores", "customer_feature"]))],
    required_resource_keys={"session"},
    description="What models may know of each customer on the day: a row per customer and cut-off.",
)
def features(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Write the day's features, and prove them on an earlier cut-off, of which the future is known."""
    session: Session = context.resources.session
    with progress.step("scores.customer_feature") as step, session.connection() as connection:
        as_of, zone = session.as_of(connection), session.company.time_zone
        step.rows = scoring.write_features(connection, as_of, zone)
        leaks = scoring.leaking_columns(connection, as_of - timedelta(days=LEAKAGE_DAYS), zone)
    yield dg.MaterializeResult(metadata={"dagster/row_count": step.rows})
    yield dg.AssetCheckResult(
        check_name=LEAKAGE_CHECK, passed=not leaks, metadata={"leaking columns": ", ".join(leaks) or "none"}
    )


def _verdict(line: dict[str, Any]) -> str:
    relation = "better than" if line["is_better"] else "NOT better than"
    return f"{line['value']:.4f}, {relation} {line['baseline_value']:.4f}"


@dg.multi_asset(
    specs=[
        dg.AssetSpec(key, group_name="intermediate", deps=SEGMENT_INPUTS)
        for key in keys("intermediate", *SEGMENT_LEDGERS)
    ],
    check_specs=[dg.AssetCheckSpec(CRITERIA_CHECK, asset=dg.AssetKey(["intermediate", "segment_definition_history"]))],
    required_resource_keys={"session"},
    name="segments",
)
def segments(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Evaluate the segments' criteria over the customer 360 and keep who entered and left."""
    session: Session = context.resources.session
    with progress.step("intermediate.segment_ledger") as step, session.connection() as connection:
        report = segmentation.evaluate(connection, session.as_of(connection))
        for table in SEGMENT_LEDGERS:
            rows = count(connection, f"intermediate.{table}")
            yield dg.MaterializeResult(asset_key=["intermediate", table], metadata={"dagster/row_count": rows})
        step.rows = count(connection, "intermediate.segment_ledger")
        step.note = "; ".join(report.problems)
        yield dg.AssetCheckResult(
            asset_key=["intermediate", "segment_definition_history"],
            check_name=CRITERIA_CHECK,
            passed=not report.problems,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"problems": "\n".join(report.problems) or "none"},
        )
