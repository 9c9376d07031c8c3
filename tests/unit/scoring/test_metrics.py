from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from dagster_project.scoring import metrics
from dagster_project.scoring.baselines import learn_hiatus_rule
from dagster_project.scoring.prediction import tail_quantiles


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=60))
@settings(deadline=None)
def test_auc_is_the_one_that_scikit_learn_has(rows: list[tuple[bool, int]]) -> None:
    happened, ranking = np.array(rows, dtype=float).T
    if happened.min() == happened.max():
        assert np.isnan(metrics.auc(happened, ranking))
    else:
        assert metrics.auc(happened, ranking) == pytest.approx(roc_auc_score(happened, ranking))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=10, max_size=80))
@settings(deadline=None)
def test_deciles_do_not_depend_on_the_order_of_the_rows(rows: list[tuple[int, int]]) -> None:
    actual, predicted = np.array(rows, dtype=float).T
    shuffled = np.random.default_rng(1).permutation(len(rows))
    one = metrics.deciles(actual, predicted)
    other = metrics.deciles(actual[shuffled], predicted[shuffled])
    assert np.allclose(one.to_numpy(float), other.to_numpy(float))
    assert one["customer_count"].sum() == len(rows)
    assert (one["actual_mean"] * one["customer_count"]).sum() == pytest.approx(actual.sum())


def test_a_perfect_prediction_has_no_error_and_full_lift() -> None:
    actual = np.array([0.0] * 90 + [5.0] * 10)
    found = metrics.measure(actual, actual, ["mae", "rmse", "decile_error", "top_decile_lift"])
    assert found == {"mae": 0, "rmse": 0, "decile_error": 0, "top_decile_lift": pytest.approx(10.0)}
    assert metrics.total_error_share(actual, actual * 1.2) == pytest.approx(0.2)


def test_hiatus_rule_finds_the_threshold_that_told_best() -> None:
    days = np.arange(100.0)
    bought = (days <= 40).astype(float)
    bought[90] = 1
    rule = learn_hiatus_rule(days, bought, window_days=90)
    assert rule.threshold_days == 40
    assert rule.active_rate == 1.0
    assert rule.inactive_rate == pytest.approx(1 / 59)
    assert rule.probability(np.array([40.0, 41.0])) == pytest.approx([1.0, 1 / 59])


def test_hiatus_rule_without_an_earlier_window_takes_the_window_itself() -> None:
    rule = learn_hiatus_rule(np.array([]), np.array([]), window_days=90)
    assert list(rule.probability(np.array([90.0, 91.0]))) == [1.0, 0.0]


@pytest.mark.parametrize("count", [50, 200, 333])
@pytest.mark.parametrize("tail", [0.05, (1 - 0.9) / 2, 0.005, 0.25])
@pytest.mark.parametrize("method", ["linear", "inverted_cdf"])
def test_quantiles_of_sorted_draws_are_those_of_numpy(
    count: int, tail: float, method: Literal["linear", "inverted_cdf"]
) -> None:
    generator = np.random.default_rng(count)
    for draws in (generator.random((99, count)), generator.poisson(3, (99, count)).astype(np.float64)):
        expected = np.quantile(draws, [tail, 1 - tail], axis=1, method=method)
        assert np.array_equal(tail_quantiles(draws.copy(), tail, method), expected)
