"""Measures of a prediction against what happened; each takes actual and predicted, one element a customer.

Belongs here: pure measures. Does not belong here: which of them a model is judged by.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mae(actual: Array, predicted: Array) -> float:
    """Mean absolute error, in the unit of the target."""
    return float(np.abs(actual - predicted).mean())


def rmse(actual: Array, predicted: Array) -> float:
    """Root mean squared error, in the unit of the target."""
    return float(np.sqrt(((actual - predicted) ** 2).mean()))


def brier(happened: Array, probability: Array) -> float:
    """Mean squared error of a probability (0 best, 0.25 for a coin)."""
    return float(((happened - probability) ** 2).mean())


def auc(happened: Array, ranking: Array) -> float:
    """Chance that a customer to whom it happened ranks above one to whom it did not; ties count half.

    NaN where it happened to all or to nobody.
    """
    positives = float(happened.sum())
    negatives = len(happened) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    ranks = pd.Series(ranking).rank().to_numpy()
    return float((ranks[happened > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def total_error_share(actual: Array, predicted: Array) -> float:
    """How far the predicted total misses the actual one, as a share of the actual; NaN where that is zero."""
    total = float(actual.sum())
    return abs(float(predicted.sum()) - total) / abs(total) if total else float("nan")


def deciles(actual: Array, predicted: Array) -> pd.DataFrame:
    """Mean prediction and mean outcome by tenth of the customers, the highest predictions first.

    Columns: decile (1 to 10), customer_count, predicted_mean, actual_mean. Equal predictions share what happened to
    all of them, so that the order of the rows decides nothing.
    """
    order = np.argsort(-predicted, kind="stable")
    ranked = predicted[order]
    tie = np.cumsum(np.append(False, ranked[1:] != ranked[:-1])[: len(ranked)])
    shared = (np.bincount(tie, weights=actual[order]) / np.bincount(tie))[tie]
    decile = np.arange(len(order)) * 10 // max(len(order), 1) + 1
    frame = pd.DataFrame({"decile": decile, "predicted": ranked, "actual": shared})
    return frame.groupby("decile", as_index=False).agg(
        customer_count=("actual", "size"), predicted_mean=("predicted", "mean"), actual_mean=("actual", "mean")
    )


def decile_error(table: pd.DataFrame, middle: float) -> float:
    """Calibration: mean absolute gap of the tenths' means (`deciles`), as a share of the overall mean outcome.

    NaN where that is zero.
    """
    if middle == 0:
        return float("nan")
    gap = (table["predicted_mean"] - table["actual_mean"]).abs()
    return float((gap * table["customer_count"]).sum() / table["customer_count"].sum()) / abs(middle)


def top_decile_lift(table: pd.DataFrame, middle: float) -> float:
    """Mean outcome of the tenth with the highest predictions (`deciles`) over everybody's; NaN where that is zero."""
    return float(table["actual_mean"].iloc[0]) / middle if middle else float("nan")


OF_CUSTOMERS = {"auc": auc, "brier": brier, "mae": mae, "rmse": rmse, "total_error_share": total_error_share}
OF_DECILES = {"decile_error": decile_error, "top_decile_lift": top_decile_lift}


def measure(actual: Array, predicted: Array, names: Iterable[str]) -> dict[str, float]:
    """Take the measures named; those of tenths share one ranking of the customers, which is most of their cost."""
    wanted = set(names)
    found = {name: take(actual, predicted) for name, take in OF_CUSTOMERS.items() if name in wanted}
    if wanted & set(OF_DECILES):
        table, middle = deciles(actual, predicted), float(actual.mean())
        found |= {name: take(table, middle) for name, take in OF_DECILES.items() if name in wanted}
    return found
