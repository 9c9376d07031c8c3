"""The tables of schema `scores`: their columns and what each means.

Belongs here: shape. Does not belong here: any number. One row per customer (or model, or metric) and `as_of_date`.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from dagster_project.scoring.daily_tables import Columns, prepare_tables

_KEYS: Columns = {
    "customer_id": ("bigint", "The customer."),
    "as_of_date": ("date", "The score uses only what happened before this day."),
    "model_version": ("text", "Version of the scorer."),
}
_BASIS: Columns = {"value_basis": ("text", "'margin', or 'revenue' where the company's costs are not known.")}

TABLES: Mapping[str, Columns] = {
    "score_customer_current_value": {
        **_KEYS,
        "order_count": ("bigint", "Purchase days in the last 12 months."),
        "revenue_amount": ("decimal(18,4)", "Net revenue of the last 12 months, cancelled lines left out."),
        "margin_amount": ("decimal(18,4)", "Net revenue less cost of goods; null where costs are not known."),
        "refund_amount": ("decimal(18,4)", "Money given back for returned goods."),
        "returned_cost_amount": ("decimal(18,4)", "Cost of returned goods that is recovered by selling them again."),
        "contact_cost_amount": ("decimal(18,4)", "Cost of contacts that sell: campaigns and outbound contacts."),
        "service_cost_amount": ("decimal(18,4)", "Cost of service: inbound and service contacts, and cases."),
        "current_value_amount": (
            "decimal(18,4)",
            "Margin (or revenue) - refund + returned cost - contact cost - service cost of the last 12 months.",
        ),
        **_BASIS,
    },
    "score_customer_activity": {
        **_KEYS,
        "repeat_order_count": ("bigint", "Purchase days after the first: x of BG/NBD."),
        "recency_weeks": ("double", "Weeks from the first purchase to the last: t_x of BG/NBD."),
        "age_weeks": ("double", "Weeks from the first purchase to the last day seen: T of BG/NBD."),
        "active_probability": ("double", "Probability that the customer still buys; 1 without a repeat purchase."),
        "active_probability_low": ("double", "Lower end, from the uncertainty of the model's parameters."),
        "active_probability_high": ("double", "Upper end, from the uncertainty of the model's parameters."),
        "expected_order_count": ("double", "Purchase days expected within the horizon."),
        "expected_order_count_low": ("double", "Lower end of what the customer's own number may turn out to be."),
        "expected_order_count_high": ("double", "Upper end of what the customer's own number may turn out to be."),
    },
    "score_customer_prospective_value": {
        **_KEYS,
        "expected_order_amount": ("decimal(18,4)", "Value expected of the customer's next order."),
        "prospective_value_amount": ("decimal(18,4)", "Value expected within the horizon, discounted to the day."),
        "prospective_value_amount_low": ("decimal(18,4)", "Lower end of what the value may turn out to be."),
        "prospective_value_amount_high": ("decimal(18,4)", "Upper end of what the value may turn out to be."),
        "horizon_days": ("bigint", "Length of the horizon."),
        **_BASIS,
    },
    "score_model": {
        "model_name": ("text", "bg_nbd or gamma_gamma."),
        "model_version": _KEYS["model_version"],
        "as_of_date": _KEYS["as_of_date"],
        "parameters": ("json", "Parameters, standard errors and diagnostics by name."),
        "log_likelihood": ("double", "At the maximum; null where the model could not be fitted."),
        "customer_count": ("bigint", "Customers in the fit."),
        "group_count": ("bigint", "Distinct sufficient statistics in the fit."),
        "is_fitted": ("boolean", "Whether there are parameters to score with."),
        "is_converged": ("boolean", "Whether the search ended where the gradient is zero."),
        "reason": ("text", "Why there is no fit, or what is unusual about it."),
    },
    "score_backtest": {
        "model_name": ("text", "Model that was judged."),
        "model_version": _KEYS["model_version"],
        "as_of_date": _KEYS["as_of_date"],
        "calibration_end_date": ("date", "The model saw only what happened before this day."),
        "holdout_days": ("bigint", "Days from there to as_of_date, on which it was judged."),
        "customer_count": ("bigint", "Customers judged."),
        "target": ("text", "What was predicted: activity (any purchase), order_count, value."),
        "metric": ("text", "auc, brier, mae, rmse, decile_error, top_decile_lift, total_error_share."),
        "value": ("double", "The model's."),
        "baseline_name": ("text", "The naive rule it is measured against."),
        "baseline_value": ("double", "The rule's."),
        "is_better": ("boolean", "Whether the model beats the rule."),
    },
    "score_backtest_decile": {
        "model_name": ("text", "Model that was judged."),
        "model_version": _KEYS["model_version"],
        "as_of_date": _KEYS["as_of_date"],
        "target": ("text", "What was predicted: activity, order_count, value."),
        "decile": ("bigint", "1 = highest prediction, 10 = lowest."),
        "customer_count": ("bigint", "Customers in the decile."),
        "predicted_mean": ("double", "Mean of the predictions."),
        "actual_mean": ("double", "Mean of what happened."),
    },
}


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing of schema `scores`, empty, so that models that read it can be built before any score."""
    prepare_tables(connection, "scores", TABLES)
