"""BG/NBD: how often a customer buys, and whether he still does, where nobody says goodbye.

Source: Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2); numbers in
brackets are its equations. Time is in weeks. A customer with no repeat purchase has an active probability of one:
in this model only a repeat purchase can be followed by the end.

Belongs here: the model. Does not belong here: where the purchases come from, intervals, tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, digamma, gammaln, hyp2f1

from dagster_project.scoring.maximum_likelihood import Estimate, maximise, not_fitted

Array = NDArray[np.float64]
PARAMETERS = ("r", "alpha", "a", "b")
MIN_CUSTOMERS, MIN_REPEATERS = 30, 10
SCOUT_GROUPS = 20_000


@dataclass(frozen=True)
class PurchaseGroups:
    """The sufficient statistics: one element a distinct (x, t_x, T), with the number of customers that share it.

    `x` repeat purchases; `t_x` weeks from the first purchase to the last; `T` weeks from the first to
    the last day seen.
    """

    x: Array
    t_x: Array
    T: Array
    customers: Array

    def thinned(self, step: int) -> PurchaseGroups:
        """Every `step`-th group: enough to find the neighbourhood of the maximum."""
        return PurchaseGroups(self.x[::step], self.t_x[::step], self.T[::step], self.customers[::step])


def fit(groups: PurchaseGroups) -> Estimate:
    """Estimate r, α, a, b by maximum likelihood [6]; too few customers or repeaters give a reason instead."""
    total = float(groups.customers.sum())
    repeaters = float(groups.customers[groups.x > 0].sum())
    if total < MIN_CUSTOMERS:
        return not_fitted(PARAMETERS, f"{total:.0f} customers; the model needs {MIN_CUSTOMERS}.")
    if repeaters < MIN_REPEATERS:
        return not_fitted(PARAMETERS, f"{repeaters:.0f} customers bought again; the model needs {MIN_REPEATERS}.")
    starts = _starts(groups)
    if len(groups.x) > SCOUT_GROUPS:
        scouts = groups.thinned(len(groups.x) // SCOUT_GROUPS + 1)
        scouted = maximise(_Likelihood(scouts), PARAMETERS, starts, float(scouts.customers.sum()))
        starts = [list(scouted.values)] if scouted.values is not None else starts[:1]
    return maximise(_Likelihood(groups), PARAMETERS, starts, total)


def _starts(groups: PurchaseGroups) -> list[list[float]]:
    """Cover shapes of the two mixtures, each at the scale that the observed purchase rate asks for."""
    weeks = float((groups.customers * np.maximum(groups.T, 1 / 7)).sum())
    rate = float((groups.customers * groups.x).sum()) / weeks
    return [[r, r / rate, a, b] for r, a, b in ((0.25, 0.8, 2.5), (1.0, 1.0, 1.0), (0.5, 0.1, 3.0), (3.0, 0.5, 10.0))]


class _Likelihood:
    """Log-likelihood and its gradient by the log-parameters; what depends on x alone is computed once per x."""

    def __init__(self, groups: PurchaseGroups) -> None:
        self.groups = groups
        self.counts, self.position = np.unique(groups.x, return_inverse=True)
        self.count_weights = np.bincount(self.position, weights=groups.customers)
        self.is_repeater = groups.x > 0

    def __call__(self, point: Array) -> tuple[float, Array]:
        r, alpha, a, b = np.exp(point)
        x, weights = self.counts, self.count_weights
        alive, gone, share_gone, mixed = self._two_ends(r, alpha, a, b)
        value = float(
            (weights * (gammaln(r + x) - gammaln(r) + r * np.log(alpha))).sum()
            + (weights * (gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x))).sum()
            + (self.groups.customers * mixed).sum()
        )
        customers, n = self.groups.customers, self.groups.x
        share_alive = 1 - share_gone
        mean_log = share_alive * alive + share_gone * gone
        mean_inverse = share_alive * np.exp(-alive) + share_gone * np.exp(-gone)
        ab = digamma(a + b) - digamma(a + b + x)
        # b + x - 1 belongs to repeaters only; elsewhere share_gone is zero and the divisor must merely not be.
        divisor = np.where(self.is_repeater, b + n - 1, 1.0)
        gradient = np.array(
            [
                (weights * (digamma(r + x) - digamma(r) + np.log(alpha))).sum() - (customers * mean_log).sum(),
                (customers * (r / alpha - (r + n) * mean_inverse)).sum(),
                (weights * ab).sum() + (customers * share_gone).sum() / a,
                (weights * (ab + digamma(b + x) - digamma(b))).sum() - (customers * share_gone / divisor).sum(),
            ]
        )
        return value, gradient * np.array([r, alpha, a, b])

    def _two_ends(self, r: float, alpha: float, a: float, b: float) -> tuple[Array, Array, Array, Array]:
        """Log(α+T), log(α+t_x), the weight of 'gone after the last purchase', and the log of both ends together."""
        groups = self.groups
        alive, gone = np.log(alpha + groups.T), np.log(alpha + groups.t_x)
        log_alive = -(r + groups.x) * alive
        ratio = np.log(a) - np.log(np.where(self.is_repeater, b + groups.x - 1, 1.0))
        log_gone = np.where(self.is_repeater, ratio - (r + groups.x) * gone, -np.inf)
        mixed = np.logaddexp(log_alive, log_gone)
        return alive, gone, np.exp(log_gone - mixed), mixed


def active_probability(parameters: Array, x: Array, t_x: Array, T: Array) -> Array:
    """Probability that the customer is still active at the end of the observation (0 to 1); one where x is 0.

    `parameters` is (…, 4) and broadcasts against the customers, so that a matrix of draws is one call.
    """
    r, alpha, a, b = _split(parameters)
    with np.errstate(divide="ignore", invalid="ignore"):
        # In place: for a matrix of draws each intermediate result is one of its size.
        log_odds_gone = _log_sum(alpha, T)
        log_odds_gone -= _log_sum(alpha, t_x)
        log_odds_gone *= r + x
        log_odds_gone += np.log(a) - _log_sum(b, x, -1)
        probability: Array = np.minimum(log_odds_gone, 700, out=log_odds_gone)
        np.exp(probability, out=probability)
        probability += 1
        np.divide(1, probability, out=probability)
    np.copyto(probability, 1.0, where=x <= 0)
    return probability


def _log_sum(parameter: Array, history: Array, shift: float = 0) -> Array:
    """Logarithm of parameter + history + shift.

    Of a matrix of draws, for each distinct history once: days and counts recur among customers.
    """
    if history.ndim < 2:
        logs: Array = np.log(parameter + history + shift)
        return logs
    distinct, position = np.unique(history, return_inverse=True)
    logs = np.log(parameter + distinct[:, None] + shift)
    return logs[position.ravel()]


def purchase_probability(parameters: Array, x: Array, t_x: Array, T: Array, weeks: float) -> Array:
    """Probability of at least one purchase in the next `weeks`."""
    r, alpha, _, _ = _split(parameters)
    silent = np.exp((r + x) * (np.log(alpha + T) - np.log(alpha + T + weeks)))
    probability: Array = active_probability(parameters, x, t_x, T) * (1 - silent)
    return probability


def expected_orders(parameters: Array, x: Array, t_x: Array, T: Array, weeks: float) -> Array:
    """Return the expected number of purchases in the next `weeks` [10].

    Euler's transformation turns the paper's ((α+T)/(α+T+t))^(r+x) · ₂F₁(r+x, b+x; a+b+x−1; z) into
    (1−z)^(a−1) · ₂F₁(a+b−1−r, a−1; a+b+x−1; z), which does not overflow for customers with many purchases. Where the
    parameters sit on a removable pole (a = 1, a+b+x = 1) or ₂F₁ fails, the expectation is taken over p directly.
    """
    r, alpha, a, b = (float(p) for p in parameters)
    z = weeks / (alpha + T + weeks)
    ceiling = (r + x) / (alpha + T) * weeks
    with np.errstate(all="ignore"):
        series = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
        orders = (a + b + x - 1) / (a - 1) * (1 - series)
    unsure = ~np.isfinite(orders) | (orders < 0) | (orders > ceiling * (1 + 1e-9))
    unsure |= (abs(a - 1) < 1e-5) | (np.abs(a + b + x - 1) < 1e-5)
    if unsure.any():
        orders[unsure] = orders_by_quadrature(parameters, x[unsure], T[unsure], weeks)
    counted: Array = orders * active_probability(parameters, x, t_x, T)
    return counted


def orders_by_quadrature(parameters: Array, x: Array, T: Array, weeks: float, nodes: int = 256) -> Array:
    """Return the purchases expected of an active customer: the mean over p of (1 − (1 + p t/(α+T))^−(r+x)) / p.

    Nodes lie closest where p is small, because there the integrand is steep.
    """
    r, alpha, a, b = (float(p) for p in parameters)
    counts, position = np.unique(x, return_inverse=True)
    nearness = (np.arange(nodes) + 0.5) / nodes
    levels, weights = nearness**3, 3 * nearness**2
    p = np.maximum(betaincinv(a, b + counts[:, None], levels[None, :]), 1e-12)
    result = np.empty(len(x))
    for rows in np.array_split(np.arange(len(x)), len(x) // 20_000 + 1):
        q = p[position[rows]]
        decay = -(r + x[rows, None]) * np.log1p(q * weeks / (alpha + T[rows, None]))
        result[rows] = (-np.expm1(decay) / q) @ weights / nodes
    return result


def _split(parameters: Array) -> tuple[Array, Array, Array, Array]:
    return parameters[..., 0], parameters[..., 1], parameters[..., 2], parameters[..., 3]
