from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from dagster_project.scoring import bg_nbd
from dagster_project.scoring.bg_nbd import PurchaseGroups

positive = st.floats(0.05, 20.0)
parameters = st.tuples(positive, positive, positive, positive).map(np.array)
histories = st.lists(
    st.tuples(st.integers(0, 400), st.floats(0, 1), st.floats(0, 300)).map(
        lambda h: (h[0], h[1] * h[2] if h[0] else 0.0, h[2])
    ),
    min_size=1,
    max_size=12,
)


def columns(rows: list[tuple[float, float, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, t_x, T = np.array(rows, dtype=float).T
    return x, t_x, T


def simulate(count: int, truth: tuple[float, float, float, float], seed: int) -> PurchaseGroups:
    """Customers who buy, and drop out, exactly as the model says."""
    generator = np.random.default_rng(seed)
    r, alpha, a, b = truth
    rate, dropout = generator.gamma(r, 1 / alpha, count), generator.beta(a, b, count)
    T = generator.uniform(30, 80, count)
    x, t_x, clock = np.zeros(count), np.zeros(count), np.zeros(count)
    alive = np.ones(count, dtype=bool)
    while alive.any():
        clock[alive] += generator.exponential(1 / rate[alive])
        alive &= clock <= T
        x[alive] += 1
        t_x[alive] = clock[alive]
        alive &= generator.random(count) >= dropout
    return PurchaseGroups(x, t_x, T, np.ones(count))


@given(parameters, histories)
@settings(max_examples=60, deadline=None)
def test_gradient_is_the_slope_of_the_likelihood(theta: np.ndarray, rows: list[tuple[float, float, float]]) -> None:
    objective = bg_nbd._Likelihood(PurchaseGroups(*columns(rows), np.ones(len(rows))))
    _, gradient = objective(np.log(theta))
    numeric = approx_fprime(np.log(theta), lambda point: objective(point)[0], 1e-6)
    assert np.allclose(gradient, numeric, rtol=1e-3, atol=1e-2 * (1 + np.abs(gradient).max()) * 0.1)


def test_groups_weigh_as_much_as_their_customers() -> None:
    x, t_x, T = columns([(2, 30.43, 38.86), (0, 0, 38.86)])
    grouped = bg_nbd._Likelihood(PurchaseGroups(x, t_x, T, np.array([3.0, 5.0])))
    repeated = bg_nbd._Likelihood(PurchaseGroups(*(np.repeat(c, [3, 5]) for c in (x, t_x, T)), np.ones(8)))
    point = np.log([0.24, 4.4, 0.8, 2.4])
    assert grouped(point)[0] == pytest.approx(repeated(point)[0], rel=1e-12)
    assert np.allclose(grouped(point)[1], repeated(point)[1])


@given(parameters, histories, st.floats(0.1, 200))
@example(theta=np.array([5.0, 0.25, 1.0, 1.0]), rows=[(0, 0.0, 0.0)], weeks=15.0)
@settings(max_examples=80, deadline=None)
def test_expectation_agrees_with_the_mean_over_dropout(
    theta: np.ndarray, rows: list[tuple[float, float, float]], weeks: float
) -> None:
    x, t_x, T = columns(rows)
    closed = bg_nbd.expected_orders(theta, x, t_x, T, weeks)
    direct = bg_nbd.orders_by_quadrature(theta, x, T, weeks, nodes=4096) * bg_nbd.active_probability(theta, x, t_x, T)
    assert np.all(np.isfinite(closed))
    assert np.allclose(closed, direct, rtol=5e-3, atol=1e-6)


@given(parameters, histories, st.floats(0.1, 200))
@settings(max_examples=60, deadline=None)
def test_predictions_stay_in_their_ranges(
    theta: np.ndarray, rows: list[tuple[float, float, float]], weeks: float
) -> None:
    x, t_x, T = columns(rows)
    active = bg_nbd.active_probability(theta, x, t_x, T)
    buying = bg_nbd.purchase_probability(theta, x, t_x, T, weeks)
    orders = bg_nbd.expected_orders(theta, x, t_x, T, weeks)
    longer = bg_nbd.expected_orders(theta, x, t_x, T, weeks * 2)
    assert np.all((active >= 0) & (active <= 1) & (active[x == 0].sum() == (x == 0).sum()))
    assert np.all((buying >= 0) & (buying <= active + 1e-12))
    assert np.all(orders >= buying - 1e-6)
    assert np.all(longer >= orders - 1e-9)


@given(parameters, histories)
@settings(max_examples=40, deadline=None)
def test_a_matrix_of_draws_gives_what_each_draw_gives(
    theta: np.ndarray, rows: list[tuple[float, float, float]]
) -> None:
    x, t_x, T = columns(rows)
    draws = theta * np.array([[0.7], [1.0], [1.6]])
    together = bg_nbd.active_probability(draws[None, :, :], x[:, None], t_x[:, None], T[:, None])
    assert np.array_equal(together.T, [bg_nbd.active_probability(draw, x, t_x, T) for draw in draws])


@pytest.mark.parametrize("a", [1.0, 1.0 + 1e-7, 0.999999])
def test_expectation_survives_the_removable_pole_at_a_of_one(a: float) -> None:
    near, pole = (
        bg_nbd.expected_orders(np.array([0.3, 4.0, v, 2.0]), np.array([3.0]), np.array([20.0]), np.array([30.0]), 52.0)
        for v in (1.01, a)
    )
    assert pole == pytest.approx(near, rel=0.01)


def test_paper_expects_1_226_orders_of_customer_1() -> None:
    theta = np.array([0.243, 4.414, 0.793, 2.426])
    orders = bg_nbd.expected_orders(theta, np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0)
    assert orders[0] == pytest.approx(1.226, abs=0.001)


def test_fit_recovers_the_parameters_behind_the_data() -> None:
    truth = (0.8, 6.0, 1.2, 3.0)
    estimate = bg_nbd.fit(simulate(6000, truth, seed=5))
    assert estimate.is_converged
    assert estimate.agreeing_starts >= 2
    errors = estimate.standard_errors
    for name, true in zip(bg_nbd.PARAMETERS, truth, strict=True):
        assert abs(estimate.parameters[name] - true) < 3 * errors[name], name
        assert errors[name] < true


def test_nobody_who_drops_out_leaves_a_on_the_boundary_and_scores_finite() -> None:
    generator = np.random.default_rng(1)
    rate = generator.gamma(2.0, 1 / 4.0, 800)
    T = np.full(800, 104.0)
    x = generator.poisson(rate * T).astype(float)
    t_x = np.where(x > 0, T - generator.exponential(1 / rate), 0).clip(0, 104)
    estimate = bg_nbd.fit(PurchaseGroups(x, t_x, T, np.ones(800)))
    assert estimate.values is not None
    orders = bg_nbd.expected_orders(estimate.values, x, t_x, T, 52.0)
    assert np.all(np.isfinite(orders))
    assert orders.sum() == pytest.approx((rate * 52).sum(), rel=0.1)
    assert np.all(np.isfinite(estimate.draws(10, generator)))


@pytest.mark.parametrize(("customers", "repeaters", "word"), [(5, 5, "5 customers"), (500, 3, "3 customers")])
def test_too_little_data_gives_a_reason_and_no_parameters(customers: int, repeaters: int, word: str) -> None:
    x = (np.arange(customers) < repeaters).astype(float)
    estimate = bg_nbd.fit(PurchaseGroups(x, x * 3, np.full(customers, 20.0), np.ones(customers)))
    assert not estimate.is_fitted
    assert estimate.parameters == {}
    assert word in (estimate.reason or "")
