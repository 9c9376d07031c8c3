"""The scores' own exam: fitted on what came before a held-back window, judged on it, beside naive rules.

Belongs here: what is held back, what is measured, what it is measured against.
Does not belong here: a verdict on whether the result is good enough; the asset checks have that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dagster_project.scoring import metrics
from dagster_project.scoring.baselines import HiatusRule, learn_hiatus_rule
from dagster_project.scoring.policy import ScoringPolicy
from dagster_project.scoring.prediction import expectations, fit_activity, fit_spend
from dagster_project.scoring.purchase_history import first_purchase_date, purchase_histories, purchases_between

Array = NDArray[np.float64]
MIN_HISTORY_DAYS = 84
BG_NBD, VALUE_MODEL = "bg_nbd", "bg_nbd_gamma_gamma"
HIGHER_IS_BETTER = {"auc", "top_decile_lift"}


@dataclass(frozen=True)
class Backtest:
    """Metrics and deciles (columns as in `scores`), or the reason why there are none."""

    metrics: pd.DataFrame
    deciles: pd.DataFrame
    reason: str | None = None


@dataclass
class _Exam:
    """Everything known per customer: predictions, naive rules and what happened, on the same rows."""

    actual_orders: Array
    actual_value: Array
    last_orders: Array
    last_value: Array
    hiatus_days: Array
    hiatus_rule: HiatusRule
    predictions: pd.DataFrame = field(default_factory=pd.DataFrame)
    metric_rows: list[dict[str, object]] = field(default_factory=list)
    decile_parts: list[pd.DataFrame] = field(default_factory=list)

    def judge(
        self, model: str, target: str, predicted: Array, actual: Array, against: dict[str, tuple[Array, str]]
    ) -> None:
        """Add a row for each metric and rule, and the deciles; `against` is rule → (its prediction, metrics)."""
        values = metrics.measure(actual, predicted, " ".join(names for _, names in against.values()).split())
        for rule, (naive, names) in against.items():
            bases = metrics.measure(actual, naive, names.split())
            for metric in names.split():
                value, base = values[metric], bases[metric]
                is_better = value > base if metric in HIGHER_IS_BETTER else value < base
                self.metric_rows.append({
                    "model_name": model, "target": target, "metric": metric, "value": value, "baseline_name": rule,
                    "baseline_value": base, "is_better": is_better if np.isfinite([value, base]).all() else None,
                })  # fmt: skip
        table = metrics.deciles(actual, predicted)
        self.decile_parts.append(table.assign(model_name=model, target=target))


def run_backtest(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    policy: ScoringPolicy,
    versions: dict[str, str],
) -> Backtest:
    """Hold back the last days before `as_of`, fit on the rest, and measure; needs `purchase_day` up to `as_of`."""
    first = first_purchase_date(connection, as_of)
    history_days = (as_of - first).days if first else 0
    if history_days < MIN_HISTORY_DAYS:
        return _nothing(f"{history_days} days of history; a backtest needs {MIN_HISTORY_DAYS}.")
    days = min(policy.backtest_days, history_days // 3)
    calibration_end = as_of - timedelta(days=days)
    histories = purchase_histories(connection, calibration_end)
    activity, _ = fit_activity(histories)
    spend, _ = fit_spend(histories)
    if not activity.is_fitted:
        return _nothing(f"Before {calibration_end}: {activity.reason}")
    exam = _prepare_exam(connection, histories, calibration_end, as_of)
    exam.predictions = expectations(histories, activity, spend, days, rate=0.0)
    _judge_activity(exam)
    _judge_orders(exam)
    if spend.is_fitted:
        _judge_value(exam)
    rows = pd.DataFrame(exam.metric_rows).assign(
        calibration_end_date=calibration_end, holdout_days=days, customer_count=len(histories)
    )
    tables = (t.assign(model_version=t["model_name"].map(versions)) for t in (rows, pd.concat(exam.decile_parts)))
    return Backtest(next(tables), next(tables))


def _prepare_exam(
    connection: duckdb.DuckDBPyConnection,
    histories: pd.DataFrame,
    calibration_end: date,
    as_of: date,
) -> _Exam:
    days = (as_of - calibration_end).days
    earlier = calibration_end - timedelta(days=days)
    customers = pd.Index(histories["customer_id"])
    after = _on(customers, purchases_between(connection, calibration_end, as_of))
    before = _on(customers, purchases_between(connection, earlier, calibration_end))
    earlier_histories = purchase_histories(connection, earlier)
    bought = before.reindex(earlier_histories["customer_id"])["order_count"].to_numpy(np.float64) > 0
    rule = learn_hiatus_rule(_hiatus(earlier_histories), bought.astype(np.float64), days)
    return _Exam(
        actual_orders=after["order_count"].to_numpy(np.float64),
        actual_value=after["value_amount"].to_numpy(np.float64),
        last_orders=before["order_count"].to_numpy(np.float64),
        last_value=before["value_amount"].to_numpy(np.float64),
        hiatus_days=_hiatus(histories),
        hiatus_rule=rule,
    )


def _judge_activity(exam: _Exam) -> None:
    happened = (exam.actual_orders > 0).astype(np.float64)
    naive = exam.hiatus_rule.probability(exam.hiatus_days)
    predicted = exam.predictions["purchase_probability"].to_numpy(np.float64)
    against = {"hiatus": (naive, "auc brier"), "recency_ranking": (-exam.hiatus_days, "auc")}
    exam.judge(BG_NBD, "activity", predicted, happened, against)


def _judge_orders(exam: _Exam) -> None:
    predicted = exam.predictions["expected_order_count"].to_numpy(np.float64)
    mean = np.full_like(predicted, exam.last_orders.mean())
    against = {
        "same_as_last_period": (exam.last_orders, "mae rmse decile_error top_decile_lift total_error_share"),
        "mean_of_last_period": (mean, "mae rmse"),
    }
    exam.judge(BG_NBD, "order_count", predicted, exam.actual_orders, against)


def _judge_value(exam: _Exam) -> None:
    predicted = exam.predictions["prospective_value_amount"].to_numpy(np.float64)
    mean = np.full_like(predicted, exam.last_value.mean())
    against = {
        "value_of_last_period": (exam.last_value, "mae rmse decile_error top_decile_lift total_error_share"),
        "mean_of_last_period": (mean, "mae rmse"),
    }
    exam.judge(VALUE_MODEL, "value", predicted, exam.actual_value, against)


def _on(customers: pd.Index[int], purchases: pd.DataFrame) -> pd.DataFrame:
    return purchases.set_index("customer_id").reindex(customers).fillna(0.0)


def _hiatus(histories: pd.DataFrame) -> Array:
    return (histories["age_days"] - histories["recency_days"]).to_numpy(np.float64)


def _nothing(reason: str) -> Backtest:
    return Backtest(pd.DataFrame(), pd.DataFrame(), reason)
