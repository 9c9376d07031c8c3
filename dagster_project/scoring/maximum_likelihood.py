"""Maximum likelihood over positive parameters, for any model that can give its log-likelihood and gradient.

Belongs here: starts, convergence, observed information, draws. Does not belong here: a likelihood.
All work is done in log-parameters, so a parameter can never leave its range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array]]

LOG_LOW, LOG_HIGH = float(np.log(1e-4)), float(np.log(1e5))
"""A parameter that reaches one of these is reported as lying on the boundary."""


@dataclass(frozen=True)
class Estimate:
    """Parameters found, how sure they are, and whether the search ended where a maximum is.

    `values` are on their own scale; `log_covariance` is the covariance of their logarithms (the inverse of the
    observed information), with zeros for a parameter on the boundary, or None where the information is not positive
    definite. Exactly one of `values` and `reason` may be missing: a model that could not be fitted says why.
    """

    names: tuple[str, ...]
    values: Array | None
    log_covariance: Array | None = None
    log_likelihood: float | None = None
    is_converged: bool = False
    gradient_norm: float | None = None
    agreeing_starts: int = 0
    start_count: int = 0
    reason: str | None = None

    @property
    def is_fitted(self) -> bool:
        """Whether there are parameters to score with."""
        return self.values is not None

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters by name; empty where the model could not be fitted."""
        return {} if self.values is None else dict(zip(self.names, map(float, self.values), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of the parameters themselves, by the delta method from their logarithms."""
        if self.values is None or self.log_covariance is None:
            return {}
        errors = self.values * np.sqrt(np.diag(self.log_covariance))
        return dict(zip(self.names, map(float, errors), strict=True))

    def draws(self, count: int, generator: np.random.Generator) -> Array:
        """Draw `count` parameter vectors (rows) from the asymptotic normal of the log-parameters.

        Where the information could not be inverted every draw is the estimate itself.
        """
        if self.values is None:
            raise ValueError("A model that was not fitted has no parameters to draw.")
        if self.log_covariance is None:
            return np.tile(self.values, (count, 1))
        root = _square_root(self.log_covariance)
        noise = generator.standard_normal((count, len(self.values))) @ root.T
        drawn: Array = np.exp(np.clip(np.log(self.values) + noise, LOG_LOW, LOG_HIGH))
        return drawn


def not_fitted(names: Sequence[str], reason: str) -> Estimate:
    """Say that a model has no parameters, and why."""
    return Estimate(tuple(names), None, reason=reason)


def maximise(objective: Objective, names: Sequence[str], starts: Sequence[Sequence[float]], weight: float) -> Estimate:
    """Find the parameters with the highest log-likelihood.

    Args:
        objective: log-parameters → (log-likelihood, gradient by the log-parameters).
        names: names of the parameters, in the objective's order.
        starts: positive starting points, on the parameters' own scale.
        weight: number of observations; the search works on the mean, so its tolerance does not depend on it.
    """
    searches = [_search(objective, np.log(np.asarray(s, dtype=np.float64)), weight) for s in starts]
    best = min(searches, key=lambda s: float(s.fun))
    if not np.isfinite(best.fun):
        return not_fitted(names, "The likelihood is not finite at any of the starting points.")
    point = np.asarray(best.x, dtype=np.float64)
    agreeing = sum(abs(float(s.fun) - float(best.fun)) * weight < 0.01 for s in searches)
    free = (point > LOG_LOW + 1e-6) & (point < LOG_HIGH - 1e-6)
    likelihood, gradient = objective(point)
    norm = float(np.max(np.abs(gradient[free]) / weight, initial=0.0))
    return Estimate(
        tuple(names),
        np.exp(point),
        _covariance(objective, point, free),
        likelihood,
        norm < 1e-5,
        norm,
        agreeing,
        len(searches),
        _boundary_reason(names, free),
    )


def _search(objective: Objective, start: Array, weight: float) -> OptimizeResult:
    def negative_mean(point: Array) -> tuple[float, Array]:
        value, gradient = objective(point)
        if not (np.isfinite(value) and np.all(np.isfinite(gradient))):
            return 1e10, np.zeros_like(point)
        return -value / weight, -gradient / weight

    bounds = [(LOG_LOW, LOG_HIGH)] * len(start)
    options = {"maxiter": 500, "ftol": 1e-14, "gtol": 1e-8, "maxls": 50}
    return minimize(negative_mean, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)  # type: ignore[call-overload, no-any-return]


def _covariance(objective: Objective, point: Array, free: NDArray[np.bool_]) -> Array | None:
    """Invert the observed information: the negative Hessian, from central differences of the exact gradient."""
    step, size = 1e-4, len(point)
    hessian = np.empty((size, size))
    for i in range(size):
        shift = np.zeros(size)
        shift[i] = step
        hessian[i] = (objective(point + shift)[1] - objective(point - shift)[1]) / (2 * step)
    information = -(hessian + hessian.T)[np.ix_(free, free)] / 2
    covariance = np.zeros((size, size))
    if not free.any() or not np.all(np.isfinite(information)):
        return None
    if np.min(np.linalg.eigvalsh(information)) <= 1e-6:
        return None
    covariance[np.ix_(free, free)] = np.linalg.inv(information)
    return covariance


def _square_root(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    root: Array = vectors * np.sqrt(np.clip(values, 0.0, None))
    return root


def _boundary_reason(names: Sequence[str], free: NDArray[np.bool_]) -> str | None:
    held = [name for name, is_free in zip(names, free, strict=True) if not is_free]
    return f"On the boundary: {', '.join(held)}." if held else None
