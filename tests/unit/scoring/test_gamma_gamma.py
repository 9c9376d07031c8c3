from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from dagster_project.scoring import gamma_gamma
from dagster_project.scoring.gamma_gamma import SpendGroups


def simulate(count: int, truth: tuple[float, float, float], seed: int) -> SpendGroups:
    generator = np.random.default_rng(seed)
    p, q, v = truth
    x = 1.0 + generator.poisson(2.0, count)
    mean_amount = generator.gamma(p * x, 1 / generator.gamma(q, 1 / v, count)) / x
    return SpendGroups(x, mean_amount, np.ones(count))


@given(
    st.tuples(*[st.floats(0.1, 30.0)] * 3), st.lists(st.tuples(st.integers(1, 300), st.floats(0.01, 500)), min_size=1)
)
@settings(max_examples=60, deadline=None)
def test_gradient_is_the_slope_of_the_likelihood(
    theta: tuple[float, float, float], rows: list[tuple[int, float]]
) -> None:
    x, amount = np.array(rows, dtype=float).T
    objective = gamma_gamma._Likelihood(x, amount, np.ones(len(x)))
    _, gradient = objective(np.log(theta))
    numeric = approx_fprime(np.log(theta), lambda point: objective(point)[0], 1e-6)
    assert np.allclose(gradient, numeric, rtol=1e-3, atol=1e-3 * (1 + np.abs(gradient).max()))


def test_fit_recovers_the_parameters_behind_the_data() -> None:
    truth = (6.0, 4.0, 15.0)
    estimate = gamma_gamma.fit(simulate(5000, truth, seed=3))
    assert estimate.is_converged
    for name, true in zip(gamma_gamma.PARAMETERS, truth, strict=True):
        assert abs(estimate.parameters[name] - true) < 3 * estimate.standard_errors[name], name


def test_another_currency_changes_v_and_the_likelihood_alone() -> None:
    groups = simulate(1000, (6.0, 4.0, 15.0), seed=4)
    home = gamma_gamma.fit(groups)
    yen = gamma_gamma.fit(SpendGroups(groups.x, groups.mean_amount * 160, groups.customers))
    assert home.values is not None
    assert yen.values is not None
    assert yen.values == pytest.approx(home.values * [1, 1, 160], rel=1e-4)
    assert home.log_likelihood is not None
    assert yen.log_likelihood == pytest.approx(home.log_likelihood - 1000 * np.log(160), rel=1e-6)


def test_losses_stay_out_of_the_fit_and_are_still_given_an_expectation() -> None:
    groups = simulate(1000, (6.0, 4.0, 15.0), seed=4)
    spoiled = SpendGroups(
        np.append(groups.x, [3.0, 2.0]),
        np.append(groups.mean_amount, [-50.0, 0.0]),
        np.append(groups.customers, [1, 1]),
    )
    clean, dirty = gamma_gamma.fit(groups), gamma_gamma.fit(spoiled)
    assert clean.values is not None
    assert dirty.values == pytest.approx(clean.values)
    loss, none, typical = gamma_gamma.expected_amount(
        clean.values, np.array([3.0, 0.0, 3.0]), np.array([-50.0, 0.0, 30.0])
    )
    p, q, v = clean.values
    assert loss < none == pytest.approx(p * v / (q - 1))
    assert min(30.0, none) <= typical <= max(30.0, none)


def test_a_population_without_a_mean_says_so() -> None:
    estimate = gamma_gamma.fit(simulate(4000, (5.0, 0.6, 10.0), seed=9))
    assert not estimate.is_fitted
    assert "no finite mean" in (estimate.reason or "")


@pytest.mark.parametrize("amounts", [np.full(50, 9.99), np.linspace(1, 2, 5), np.full(50, -1.0)])
def test_too_little_to_estimate_gives_a_reason(amounts: np.ndarray) -> None:
    estimate = gamma_gamma.fit(SpendGroups(np.full(len(amounts), 2.0), amounts, np.ones(len(amounts))))
    assert not estimate.is_fitted
    assert estimate.reason
