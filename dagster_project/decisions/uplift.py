"""How many orders a contact adds: a Bayesian linear model over every comparison of the past.

The effect of a campaign by a channel on a band is the mean effect, plus what the channel, the objective, the campaign
and the band add, all normal around zero with unknown variances; the slope on affinity is half of the mean effect, give
or take. Variances are averaged over on a grid under half-normal priors (Gelman 2006, Prior distributions for variance
parameters in hierarchical models, Bayesian Analysis 1), so that a few noisy comparisons neither count for nothing nor
for everything. That contacts do nothing at all is one of the hypotheses (spike and slab: Mitchell & Beauchamp 1988,
JASA 83): most effects are small against their noise (Lewis & Rao 2015, Quarterly Journal of Economics 130).
The posterior mean is what to expect of contacts also after the best were chosen for it: a choice does not bias it
(Efron 2011, Tweedie's formula and selection bias, JASA 106).

Belongs here: pure statistics on comparisons. Does not belong here: SQL, money.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from dagster_project.decisions.comparison import compare, compare_slopes

Array = NDArray[np.float64]
Level = tuple[str, str]
MIN_ARM = 10
"""Contacts, and controls, below which a comparison is not made."""
NULL_SHARE = 0.5
"""Chance, before any look at the facts, that contacts do nothing."""
PRIOR_LIFT = 0.5
"""Standard deviation of the mean effect before any look, as a share of what controls order."""
PRIOR_SPREAD = 0.5
"""Scale of the half-normal priors of standard deviations between channels, objectives, campaigns and bands, as a share
of the mean effect."""
PRIOR_SLOPE = (0.5, 0.5)
"""Slope on affinity as a share of the mean effect: mean and standard deviation before any look."""
_GRID = (0.1, 0.4, 0.9, 1.6, 2.4)
"""Standard deviations tried, in units of that scale."""
MEAN: Level = ("mean", "")
SLOPE: Level = ("slope", "")
KINDS = ("channel", "objective", "family", "band")


@dataclass(frozen=True)
class UpliftModel:
    """The posterior of extra orders a contact: mean and covariance of the mean effect and what each level adds.

    `levels` names the parameters; `spread` the expected variance between the levels of a kind, for levels never seen.
    `compared` are the families, and the objectives, that were compared on a channel. `base_orders` are the orders of
    controls by band. `null_chance` is the posterior chance that contacts do nothing.
    """

    levels: dict[Level, int]
    mean: Array
    covariance: Array
    spread: dict[str, float]
    compared: frozenset[tuple[str, str, str]]
    base_orders: pd.Series[float]
    null_chance: float

    @property
    def is_known(self) -> bool:
        """Whether anything was ever compared."""
        return bool(self.compared)

    def evidence(self, family: str, objective: str, channel: str) -> str:
        """Say where an estimate comes from: own, objective_and_channel, all_campaigns or none."""
        if ("family", family, channel) in self.compared:
            return "own"
        if ("objective", objective, channel) in self.compared:
            return "objective_and_channel"
        return "all_campaigns" if self.is_known else "none"

    def predict(self, family: str, objective: str, channel: str, band: str | None = None) -> tuple[float, float]:
        """Return mean and variance of the extra orders a contact (of the mean band, if none is named); NaN if unknown.

        A level that was never seen adds its kind's variance between levels.
        """
        if not self.is_known:
            return float("nan"), float("nan")
        wanted = [("channel", channel), ("objective", objective), ("family", family)]
        wanted += [("band", band)] if band is not None else []
        row = np.zeros(len(self.mean))
        row[[self.levels[level] for level in [MEAN, *wanted] if level in self.levels]] = 1.0
        unseen = sum(self.spread[level[0]] for level in wanted if level not in self.levels)
        return float(row @ self.mean), float(row @ self.covariance @ row) + unseen

    def slope(self) -> tuple[float, float]:
        """Return mean and variance of the extra orders a contact per unit of affinity; 0 if unknown."""
        if not self.is_known:
            return 0.0, 0.0
        row = np.zeros(len(self.mean))
        row[self.levels[MEAN]], row[self.levels[SLOPE]] = PRIOR_SLOPE[0], 1.0
        return float(row @ self.mean), float(row @ self.covariance @ row)


def estimate_uplift(arms: pd.DataFrame, catalogue: pd.DataFrame) -> UpliftModel:
    """Estimate the extra orders a contact from every comparison of the past.

    Args:
        arms: as for `comparison.compare` and `compare_slopes`.
        catalogue: campaign_ref, family (its name without a year), objective.
    """
    cells = _usable(compare(arms)) if len(arms) else pd.DataFrame()
    base = _base_orders(arms)
    if cells.empty:
        return UpliftModel({}, np.zeros(0), np.zeros((0, 0)), {}, frozenset(), base, 1.0)
    cells = cells.merge(catalogue, on="campaign_ref")
    slopes = compare_slopes(arms)
    levels, design = _design(cells, slopes)
    outcome = np.append(cells["difference"].to_numpy(np.float64), slopes["slope"].to_numpy(np.float64))
    weight = 1 / np.append(cells["variance"].to_numpy(np.float64), slopes["variance"].to_numpy(np.float64))
    controls = arms[arms["is_control"]]
    everybody = float(controls["orders"].sum() / controls["customers"].sum())
    posterior = _Posterior.of(design, outcome, weight, levels, max(PRIOR_LIFT * everybody, 1e-3))
    compared = frozenset(
        (kind, str(row[0]), str(row[1]))
        for kind in ("family", "objective")
        for row in cells[[kind, "channel_code"]].drop_duplicates().itertuples(index=False)
    )
    return UpliftModel(
        levels, posterior.mean, posterior.covariance, posterior.spread, compared, base, posterior.null_chance
    )


def _usable(cells: pd.DataFrame) -> pd.DataFrame:
    if cells.empty:
        return cells
    size = cells.groupby(["campaign_ref", "channel_code"])[["contacted", "controls"]].transform("sum")
    return cells[(size["contacted"] >= MIN_ARM) & (size["controls"] >= MIN_ARM)]


def _design(cells: pd.DataFrame, slopes: pd.DataFrame) -> tuple[dict[Level, int], Array]:
    """Give each level a number and lay out which of them each comparison holds; comparisons of slopes come last."""
    columns = dict(zip(KINDS, ("channel_code", "objective", "family", "band"), strict=True))
    levels = {MEAN: 0, SLOPE: 1}
    for kind, column in columns.items():
        for name in sorted(cells[column].astype(str).unique()):
            levels[kind, name] = len(levels)
    design = np.zeros((len(cells) + len(slopes), len(levels)))
    design[: len(cells), 0] = 1.0
    for kind, column in columns.items():
        design[np.arange(len(cells)), [levels[kind, name] for name in cells[column].astype(str)]] = 1.0
    design[len(cells) :, :2] = PRIOR_SLOPE[0], 1.0
    return levels, design


@dataclass(frozen=True)
class _Posterior:
    """Mean and covariance of the parameters, averaged over variances and over whether there is any effect."""

    mean: Array
    covariance: Array
    spread: dict[str, float]
    null_chance: float

    @classmethod
    def of(cls, design: Array, outcome: Array, weight: Array, levels: dict[Level, int], lift: float) -> _Posterior:
        """Average the normal posteriors of every combination of variances by their evidence and prior.

        The evidence is counted against the hypothesis that nothing has any effect, whose own is then 1.
        """
        squares, moment = design.T @ (weight[:, None] * design), design.T @ (weight * outcome)
        pooled = float(moment[0] / squares[0, 0])
        scale = PRIOR_SPREAD * abs(pooled)
        kind_of = np.array([level[0] for level in levels])
        log_evidence, means, covariances, variances = [], [], [], []
        for steps in product(_GRID, repeat=len(KINDS)):
            tau = {kind: max(scale * step, 1e-6) ** 2 for kind, step in zip(KINDS, steps, strict=True)}
            tau |= {"mean": lift**2, "slope": max(PRIOR_SLOPE[1] * abs(pooled), 1e-6) ** 2}
            prior = np.array([tau[kind] for kind in kind_of])
            covariance = np.linalg.inv(squares + np.diag(1 / prior))
            mean = covariance @ moment
            determinant = float(np.linalg.slogdet(covariance)[1] - np.log(prior).sum())
            log_prior = -0.5 * sum(step**2 for step in steps) + sum(_LOG_WIDTH[step] for step in steps)
            log_evidence.append(0.5 * (determinant + float(mean @ moment)) + log_prior)
            means.append(mean)
            covariances.append(covariance)
            variances.append([tau[kind] for kind in KINDS])
        log_total = float(logsumexp(log_evidence))
        log_odds = np.log((1 - NULL_SHARE) / NULL_SHARE) + log_total - _LOG_TOTAL
        null_chance = float(expit(-log_odds))
        share = (1 - null_chance) * np.exp(np.array(log_evidence) - log_total)
        mean = np.einsum("k,kp->p", share, means)
        second = np.einsum("k,kpq->pq", share, covariances) + np.einsum("k,kp,kq->pq", share, means, means)
        spread = dict(zip(KINDS, (share @ np.array(variances)).tolist(), strict=True))
        return cls(mean, second - np.outer(mean, mean), spread, null_chance)


_EDGES = np.concatenate([[0.0], (np.array(_GRID)[1:] + np.array(_GRID)[:-1]) / 2, [3.2]])
_LOG_WIDTH = dict(zip(_GRID, np.log(np.diff(_EDGES)).tolist(), strict=True))
_LOG_TOTAL = len(KINDS) * float(np.log(sum(np.exp(-0.5 * step**2 + _LOG_WIDTH[step]) for step in _GRID)))


def _base_orders(arms: pd.DataFrame) -> pd.Series[float]:
    if arms.empty:
        return pd.Series(dtype=float)
    controls = arms[arms["is_control"]].groupby("band")[["customers", "orders"]].sum()
    return controls["orders"] / controls["customers"]
