"""The plain world is BG/NBD and gamma-gamma exactly: their parameters come back within their standard errors."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from tests.unit.demo.core_play import Played, play

CUSTOMERS = 12_000
WEEK = 7 * 86_400.0
STANDARD_ERRORS = 2.6  # of six parameters all within this in 94 % of worlds; the seed is fixed
Reals = NDArray[np.float64]


@cache
def _plain() -> Played:
    return play("plain", customers=CUSTOMERS)


@cache
def _histories() -> dict[str, Reals]:
    """Sum up each customer's orders as the papers do: frequency, recency and age in weeks, mean value of repeats."""
    world = _plain()
    orders, scene = world.life.orders, world.scene
    first = np.flatnonzero(np.concatenate(([True], orders.person[1:] != orders.person[:-1])))
    count = np.diff(np.append(first, len(orders)))
    born, last = orders.at[first], orders.at[first + count - 1]
    end = scene.market.epoch[scene.profile.days - scene.market.first_day]
    total = np.add.reduceat(orders.value_home, first)
    return {
        "frequency": count - 1.0,
        "recency": (last - born) / WEEK,
        "age": (end - born) / WEEK,
        "orders": count.astype(np.float64),
        "mean_value": total / count,
    }


def _bgnbd(logs: Reals) -> float:
    """Negative log likelihood, Fader, Hardie and Lee (2005), equation 6; without the expectation of p to the x."""
    r, alpha, a, b = np.exp(logs)
    h = _histories()
    x, t, age = h["frequency"], h["recency"], h["age"]
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    alive = -(r + x) * np.log(alpha + age)
    left = np.where(x > 0, np.log(a / np.maximum(b + x - 1, 1e-9)) - (r + x) * np.log(alpha + t), -np.inf)
    return -float(np.sum(common + np.logaddexp(alive, left)))


def _gamma_gamma(logs: Reals) -> float:
    """Negative log likelihood of the mean order values, Fader and Hardie (2013), equation 1a."""
    p, q, v = np.exp(logs)
    h = _histories()
    x, z = h["orders"], h["mean_value"]
    terms = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
    terms += (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(v + x * z)
    return -float(np.sum(terms))


def _fit(objective, truth: list[float]) -> tuple[Reals, Reals]:
    """Fit the logarithms of the parameters from a start away from the truth; give them with their standard errors."""
    start = np.log(truth) + 0.4
    found = minimize(objective, start, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-5, "fatol": 1e-5}).x
    step, size = 1e-3, len(found)
    hessian = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            e, f = np.eye(size)[i] * step, np.eye(size)[j] * step
            corners = [objective(found + s * e + t * f) * s * t for s in (1, -1) for t in (1, -1)]
            hessian[i, j] = sum(corners) / (4 * step**2)
    return found, np.sqrt(np.diag(np.linalg.inv(hessian)))


def test_bgnbd_parameters_come_back() -> None:
    buying = _plain().scene.profile.buying
    truth = [buying.rate_shape, buying.rate_scale, buying.dropout_a, buying.dropout_b]
    found, error = _fit(_bgnbd, truth)
    assert (error < 0.25).all()
    assert np.abs(found - np.log(truth)) / error == pytest.approx(np.zeros(4), abs=STANDARD_ERRORS)


def test_gamma_gamma_parameters_come_back() -> None:
    buying = _plain().scene.profile.buying
    truth = [buying.spend_shape, buying.spend_mean_shape, buying.spend_scale]
    found, error = _fit(_gamma_gamma, truth)
    assert (error < 0.1).all()
    assert np.abs(found - np.log(truth)) / error == pytest.approx(np.zeros(3), abs=STANDARD_ERRORS)


def test_expected_repeat_orders_are_those_of_the_model() -> None:
    """Compare with E[X(t)] of the paper's equation 9, at the mean age."""
    world, h = _plain(), _histories()
    buying = world.scene.profile.buying
    r, alpha, a, b = buying.rate_shape, buying.rate_scale, buying.dropout_a, buying.dropout_b
    t = h["age"]
    inner = (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t))
    expected = (a + b - 1) / (a - 1) * (1 - inner)
    error = h["frequency"].std() / np.sqrt(len(t))
    assert h["frequency"].mean() == pytest.approx(expected.mean(), abs=3 * error)


def test_values_do_not_depend_on_rates() -> None:
    persons = _plain().scene.persons
    assert abs(np.corrcoef(np.log(persons.rate), np.log(persons.spend_rate))[0, 1]) < 4 / np.sqrt(len(persons))


def test_nothing_but_buying_goes_on() -> None:
    life = _plain().life
    assert len(life.contacts) == 0
    assert len(life.returns.line) == 0
    assert len(life.lines.order) == len(life.orders)
    assert not life.orders.is_cancelled.any()
    assert not life.orders.has_case.any()
    assert (life.records.kinds == 0).all()
    assert (life.orders.record >= 0).all()
    assert abs(life.lines.net - life.orders.value_home).max() <= 0.0151
