"""Gamma-gamma: what an order of a customer is worth, from the orders seen and from everybody else's.

Source: Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value; numbers in brackets are its equations.

Belongs here: the model. Does not belong here: which orders count, what an order's value is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from dagster_project.scoring.maximum_likelihood import Estimate, maximise, not_fitted

Array = NDArray[np.float64]
PARAMETERS = ("p", "q", "v")
MIN_REPEATERS, SCOUT_GROUPS = 20, 20_000


@dataclass(frozen=True)
class SpendGroups:
    """One element a distinct (x, mean of the x repeat orders), with the number of customers that share it."""

    x: Array
    mean_amount: Array
    customers: Array


def fit(groups: SpendGroups) -> Estimate:
    """Estimate p, q, v by maximum likelihood [1a] on customers whose mean is positive.

    Amounts are scaled to a mean of one for the search, so a currency of large numbers is as easy as any other. Where q
    does not exceed one the population has no finite mean; the model then says so instead of giving one.
    """
    usable = (groups.x > 0) & (groups.mean_amount > 0)
    x, amount, customers = groups.x[usable], groups.mean_amount[usable], groups.customers[usable]
    total = float(customers.sum())
    if total < MIN_REPEATERS:
        return not_fitted(
            PARAMETERS, f"{total:.0f} repeat customers of positive value; the model needs {MIN_REPEATERS}."
        )
    if np.ptp(amount) <= 1e-9 * amount.max():
        return not_fitted(PARAMETERS, "Every customer's mean order has the same value; there is nothing to estimate.")
    scale = float((customers * amount).sum() / total)
    starts = [[p, q, 1.0 * max(q - 1, 0.5) / p] for p, q in ((6.0, 4.0), (1.0, 2.0), (2.0, 10.0), (20.0, 3.0))]
    step = len(x) // SCOUT_GROUPS + 1
    if step > 1:
        scouts = _Likelihood(x[::step], amount[::step] / scale, customers[::step])
        scouted = maximise(scouts, PARAMETERS, starts, float(customers[::step].sum()))
        starts = [list(scouted.values)] if scouted.values is not None else starts[:1]
    scaled = maximise(_Likelihood(x, amount / scale, customers), PARAMETERS, starts, total)
    return _rescaled(scaled, scale, float((customers * np.log(scale)).sum()))


def _rescaled(estimate: Estimate, scale: float, log_jacobian: float) -> Estimate:
    if estimate.values is None or estimate.log_likelihood is None:
        return estimate
    p, q, v = (float(value) for value in estimate.values)
    if q <= 1:
        return not_fitted(PARAMETERS, f"q is {q:.3f}: amounts vary so much that the population has no finite mean.")
    return Estimate(
        estimate.names,
        np.array([p, q, v * scale]),
        estimate.log_covariance,
        estimate.log_likelihood - log_jacobian,
        estimate.is_converged,
        estimate.gradient_norm,
        estimate.agreeing_starts,
        estimate.start_count,
        estimate.reason,
    )


class _Likelihood:
    """Log-likelihood and its gradient by the log-parameters; what depends on x alone is computed once per x."""

    def __init__(self, x: Array, amount: Array, customers: Array) -> None:
        self.x, self.total, self.customers = x, x * amount, customers
        self.log_total = np.log(self.total)
        self.counts, position = np.unique(x, return_inverse=True)
        self.count_weights = np.bincount(position, weights=customers)
        self.weighted_log_total = float((customers * x * self.log_total).sum())
        self.weighted_log_amount = float((customers * np.log(amount)).sum())

    def __call__(self, point: Array) -> tuple[float, Array]:
        p, q, v = np.exp(point)
        x, weights, everybody = self.counts, self.count_weights, float(self.count_weights.sum())
        denominator = v + self.total
        log_denominator = np.log(denominator)
        drawn = (self.customers * log_denominator).sum()
        drawn_by_x = (self.customers * self.x * log_denominator).sum()
        value = (weights * (gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v))).sum()
        value += p * self.weighted_log_total - self.weighted_log_amount - p * drawn_by_x - q * drawn
        both = digamma(p * x + q)
        slope_p = (weights * x * (both - digamma(p * x))).sum() + self.weighted_log_total - drawn_by_x
        slope_q = (weights * (both - digamma(q))).sum() + everybody * np.log(v) - drawn
        slope_v = everybody * q / v - (self.customers * (p * self.x + q) / denominator).sum()
        return float(value), np.array([slope_p * p, slope_q * q, slope_v * v])


def expected_amount(parameters: Array, x: Array, mean_amount: Array) -> Array:
    """Return the expected value of the customer's next order [5]: his own mean, drawn to everybody's.

    It is linear in the customer's mean, so it also holds for one whose mean is zero or below, who cannot enter the fit.
    """
    p, q, v = (float(value) for value in parameters)
    own_weight = p * x / (p * x + q - 1)
    amount: Array = (1 - own_weight) * p * v / (q - 1) + own_weight * np.where(x > 0, mean_amount, 0.0)
    return amount
