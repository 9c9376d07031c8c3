"""The scoring of one day: read the warehouse, fit, score, judge, write.

Belongs here: the order of the steps and their report. Does not belong here: a model, a table's shape.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from dagster_project.scoring.backtest import run_backtest
from dagster_project.scoring.current_value import current_value
from dagster_project.scoring.daily_tables import write_day
from dagster_project.scoring.maximum_likelihood import Estimate
from dagster_project.scoring.policy import ScoringPolicy
from dagster_project.scoring.prediction import expectations, fit_activity, fit_spend, intervals
from dagster_project.scoring.purchase_history import purchase_histories, read_purchase_days, value_basis
from dagster_project.scoring.tables import TABLES

ACTIVITY_VERSION, SPEND_VERSION, VALUE_VERSION = "bg_nbd 1", "gamma_gamma 1", "bg_nbd_gamma_gamma 1"
VERSIONS = {"bg_nbd": ACTIVITY_VERSION, "bg_nbd_gamma_gamma": VALUE_VERSION}


@dataclass(frozen=True)
class ScoreReport:
    """What was scored: rows written by table, each model's fit, the backtest, and what a reader must be told."""

    as_of: date
    value_basis: str
    rows: dict[str, int]
    models: tuple[Estimate, ...]
    backtest: pd.DataFrame
    warnings: tuple[str, ...]


def score_customers(
    connection: duckdb.DuckDBPyConnection, as_of: date, policy: ScoringPolicy | None = None
) -> ScoreReport:
    """Score every customer for the day, from facts before it alone, and replace that day's rows in schema `scores`.

    Tables and columns: `dagster_project.scoring.tables.TABLES`. Amounts are home currency, counts are purchase days,
    times are weeks. A model that cannot be fitted leaves its numbers null and its reason in `score_model`; the same
    facts give the same scores, digit for digit. Rows of other days stay.
    """
    policy = policy or ScoringPolicy()
    basis = value_basis(connection, as_of, policy.cost_coverage_min_share)
    read_purchase_days(connection, as_of, basis)
    histories = purchase_histories(connection, as_of)
    (activity, activity_groups), (spend, spend_groups) = fit_activity(histories), fit_spend(histories)
    customers = _score_histories(histories, activity, spend, policy)
    backtest = run_backtest(connection, as_of, policy, VERSIONS)
    repeaters = int((histories["repeat_order_count"] > 0).sum())
    notes = _notes(histories)
    models = [
        _model_row("bg_nbd", ACTIVITY_VERSION, activity, len(histories), activity_groups, {}),
        _model_row("gamma_gamma", SPEND_VERSION, spend, repeaters, spend_groups, notes),
    ]
    connection.register("scored_customer", customers)
    try:
        rows = write_day(connection, "scores", TABLES, as_of, {
            "score_customer_current_value": current_value(as_of, basis, policy),
            "score_customer_activity": f"(select *, '{ACTIVITY_VERSION}' as model_version from scored_customer)",
            "score_customer_prospective_value": f"""(select *, '{VALUE_VERSION}' as model_version,
                {policy.horizon_days} as horizon_days, '{basis[0]}' as value_basis from scored_customer)""",
            "score_model": pd.DataFrame(models),
            "score_backtest": backtest.metrics,
            "score_backtest_decile": backtest.deciles,
        })  # fmt: skip
    finally:
        connection.unregister("scored_customer")
    return ScoreReport(
        as_of,
        basis[0],
        rows,
        (activity, spend),
        backtest.metrics,
        _warnings(activity, spend, backtest.reason, basis[0]),
    )


def _score_histories(
    histories: pd.DataFrame, activity: Estimate, spend: Estimate, policy: ScoringPolicy
) -> pd.DataFrame:
    expected = expectations(histories, activity, spend, policy.horizon_days, policy.discount_rate)
    ranges = intervals(histories, expected, activity, spend, policy)
    weeks = {"recency_weeks": histories["recency_days"] / 7, "age_weeks": histories["age_days"] / 7}
    return pd.concat([histories.assign(**weeks), expected, ranges], axis=1)


def _model_row(
    name: str, version: str, estimate: Estimate, customers: int, groups: int, notes: dict[str, float]
) -> dict[str, object]:
    parameters = {
        **estimate.parameters,
        "standard_errors": estimate.standard_errors,
        "gradient_norm": estimate.gradient_norm,
        "agreeing_starts": f"{estimate.agreeing_starts} of {estimate.start_count}",
        **notes,
    }
    return {
        "model_name": name,
        "model_version": version,
        "parameters": json.dumps(parameters),
        "log_likelihood": estimate.log_likelihood,
        "customer_count": customers,
        "group_count": groups,
        "is_fitted": estimate.is_fitted,
        "is_converged": estimate.is_converged,
        "reason": estimate.reason,
    }


def _notes(histories: pd.DataFrame) -> dict[str, float]:
    """Measure what gamma-gamma takes for granted: that spend and frequency go apart, and that amounts are positive."""
    repeaters = histories[histories["repeat_order_count"] > 0]
    notes = {"customers_without_positive_mean": float((repeaters["mean_amount"] <= 0).sum())}
    if len(repeaters) > 2 and repeaters["mean_amount"].std() > 0 and repeaters["repeat_order_count"].std() > 0:
        notes["frequency_amount_correlation"] = float(repeaters["repeat_order_count"].corr(repeaters["mean_amount"]))
    return notes


def _warnings(activity: Estimate, spend: Estimate, backtest_reason: str | None, basis: str) -> tuple[str, ...]:
    lines = []
    for name, estimate in (("BG/NBD", activity), ("Gamma-gamma", spend)):
        if not estimate.is_fitted:
            lines.append(f"{name} was not fitted: {estimate.reason}")
        elif not estimate.is_converged:
            lines.append(f"{name} did not converge (gradient {estimate.gradient_norm:.1e}); read its scores with care.")
        elif estimate.reason:
            lines.append(f"{name}: {estimate.reason}")
    if backtest_reason:
        lines.append(f"No backtest: {backtest_reason}")
    if basis == "revenue":
        lines.append("Too few order lines have a known cost: value is counted as revenue, not margin.")
    return tuple(lines)
