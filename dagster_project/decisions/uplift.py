"""How many orders a contact adds: contacted against control, each campaign drawn to its like.

Empirical Bayes on three levels, all normal with known sampling variances: a campaign within its objective and channel,
those within all campaigns. The variances between come from the method of moments (DerSimonian & Laird 1986, Controlled
Clinical Trials 7); the posterior is the usual precision-weighted mean (Gelman et al., Bayesian Data Analysis, 5.4).
What bands of customers add or take is estimated over all campaigns and drawn to zero.

Belongs here: pure statistics on counts. Does not belong here: SQL, money.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Posteriors = dict[tuple[str, str], tuple[float, float]]
MIN_ARM = 10
"""Contacts, and controls, below which a comparison is not made."""
LEAST_SPREAD = 0.5
"""Least standard deviation of true effects between bands, groups and campaigns, as a share of the mean effect: a few
noisy comparisons seldom show a difference that is there."""


@dataclass(frozen=True)
class UpliftModel:
    """Posterior means and variances of the extra orders a contact, by campaign, group, everybody, and band.

    `campaigns` maps (family, channel_code), `groups` maps (objective, channel_code), to mean and variance.
    `bands` has mean, variance of the offset of a band, `base_orders` the orders of controls by band.
    """

    campaigns: Posteriors
    groups: Posteriors
    mean: float | None
    variance: float
    between_groups: float
    between_campaigns: float
    bands: pd.DataFrame
    base_orders: pd.Series[float]

    def predict(self, family: str, objective: str, channel: str) -> tuple[float | None, float, str]:
        """Return mean, variance and evidence of the extra orders a contact; no mean where nothing was ever compared."""
        if self.mean is None:
            return None, float("nan"), "none"
        if (family, channel) in self.campaigns:
            return *self.campaigns[family, channel], "own"
        if (objective, channel) in self.groups:
            mean, variance = self.groups[objective, channel]
            return mean, variance + self.between_campaigns, "objective_and_channel"
        return self.mean, self.variance + self.between_groups + self.between_campaigns, "all_campaigns"


def compare_cells(arms: pd.DataFrame) -> pd.DataFrame:
    """Compare contacted and control customers of the same campaign and band.

    Args:
        arms: campaign_ref, channel_code (null for controls that had none assigned), band, is_control, customers,
            orders, squares (sum and sum of squares of the orders a customer).

    Returns:
        campaign_ref, channel_code, band, contacted, controls, difference (orders a customer), variance. The variance
        of the orders is pooled over a band, so that a small arm without an order is not taken for a certain one.
    """
    spread = _band_variance(arms)
    sums = ["customers", "orders"]
    contacted = arms[~arms["is_control"]].groupby(["campaign_ref", "channel_code", "band"], as_index=False)[sums].sum()
    controls = arms[arms["is_control"]]
    own = controls.dropna(subset=["channel_code"])
    matched = contacted.merge(
        own.groupby(["campaign_ref", "channel_code", "band"], as_index=False)[sums].sum(),
        on=["campaign_ref", "channel_code", "band"],
        suffixes=("", "_control"),
    )
    # Controls without a channel stand for what all of the campaign's channels would have met.
    shared = contacted[~contacted["campaign_ref"].isin(own["campaign_ref"])].merge(
        controls.groupby(["campaign_ref", "band"], as_index=False)[sums].sum(),
        on=["campaign_ref", "band"],
        suffixes=("", "_control"),
    )
    cells = pd.concat([matched, shared], ignore_index=True)
    cells = cells[(cells["customers"] > 0) & (cells["customers_control"] > 0)]
    if cells.empty:
        return pd.DataFrame()
    cells["difference"] = cells["orders"] / cells["customers"] - cells["orders_control"] / cells["customers_control"]
    # Controls that serve several channels are shared out among them, or they would count several times over.
    together = cells.groupby(["campaign_ref", "band"])["customers"].transform("sum")
    is_shared = ~cells["campaign_ref"].isin(own["campaign_ref"])
    counted = cells["customers_control"] * (cells["customers"] / together).where(is_shared, 1.0)
    cells["variance"] = cells["band"].map(spread) * (1 / cells["customers"] + 1 / counted)
    return cells.rename(columns={"customers": "contacted", "customers_control": "controls"})


def _band_variance(arms: pd.DataFrame) -> pd.Series[float]:
    total = arms.groupby("band")[["customers", "orders", "squares"]].sum()
    mean = total["orders"] / total["customers"]
    variance = total["squares"] / total["customers"] - mean**2
    overall = float((variance * total["customers"]).sum() / max(total["customers"].sum(), 1))
    return variance.where(variance > 0, max(overall, 1e-4))


def estimate_uplift(arms: pd.DataFrame, catalogue: pd.DataFrame) -> UpliftModel:
    """Estimate the extra orders a contact from every comparison of the past.

    Args:
        arms: as for `compare_cells`.
        catalogue: campaign_ref, family (its name without a year), objective.
    """
    cells = compare_cells(arms) if len(arms) else pd.DataFrame()
    bands = _band_offsets(cells) if len(cells) else pd.DataFrame(columns=["mean", "variance"], dtype=float)
    compared = _by_campaign(cells, bands, catalogue) if len(cells) else pd.DataFrame()
    if compared.empty:
        nothing = pd.DataFrame(columns=["mean", "variance"], dtype=float)
        return UpliftModel({}, {}, None, float("nan"), 0.0, 0.0, nothing, _base_orders(arms))
    grouping = [compared["objective"], compared["channel_code"]]
    everything = [pd.Series(0, index=compared.index)]
    least = (LEAST_SPREAD * float(_precision_mean(compared, everything, 0.0)["mean"].iloc[0])) ** 2
    between_campaigns = max(between_variance(compared, grouping), least)
    groups = _precision_mean(compared, grouping, between_campaigns)
    between_groups = max(between_variance(groups, [pd.Series(0, index=groups.index)]), least)
    overall = _precision_mean(groups, [pd.Series(0, index=groups.index)], between_groups).iloc[0]
    groups = _shrink(groups, overall["mean"], overall["variance"], between_groups)
    families = _precision_mean(compared, [compared["family"], compared["channel_code"], compared["objective"]], 0.0)
    families = families.reset_index("objective")
    prior = groups.reindex(pd.MultiIndex.from_arrays([families["objective"], families.index.get_level_values(1)]))
    campaigns = _shrink(
        families[["mean", "variance"]], prior["mean"].to_numpy(), prior["variance"].to_numpy(), between_campaigns
    )
    return UpliftModel(
        _posteriors(campaigns), _posteriors(groups), float(overall["mean"]), float(overall["variance"]),
        between_groups, between_campaigns, bands, _base_orders(arms),
    )  # fmt: skip


def _by_campaign(cells: pd.DataFrame, bands: pd.DataFrame, catalogue: pd.DataFrame) -> pd.DataFrame:
    """One effect a campaign and channel, the bands' offsets taken out; calm bands, who tell most, weigh most."""
    size = cells.groupby(["campaign_ref", "channel_code"])[["contacted", "controls"]].transform("sum")
    usable = cells[(size["contacted"] >= MIN_ARM) & (size["controls"] >= MIN_ARM)]
    if usable.empty:
        return pd.DataFrame()
    level = pd.DataFrame({
        "mean": usable["difference"] - usable["band"].map(bands["mean"]),
        "variance": usable["variance"] + usable["band"].map(bands["variance"]),
    })  # fmt: skip
    table = _precision_mean(level, [usable["campaign_ref"], usable["channel_code"]], 0.0).reset_index()
    return table.merge(catalogue, on="campaign_ref")


def between_variance(rows: pd.DataFrame, grouping: list[pd.Series]) -> float:
    """Return the variance of true means within groups, beyond sampling (DerSimonian & Laird); 0 if none shows."""
    weight = 1 / rows["variance"]
    sums = pd.DataFrame({"w": weight, "w2": weight**2, "wm": weight * rows["mean"]}).groupby(grouping).transform("sum")
    excess = float((weight * (rows["mean"] - sums["wm"] / sums["w"]) ** 2).sum())
    members = rows["mean"].groupby(grouping).size()
    freedom = float((members - 1).sum())
    scale = float((weight - weight**2 / sums["w"]).sum())
    return max(0.0, (excess - freedom) / scale) if scale > 1e-12 else 0.0


def _precision_mean(rows: pd.DataFrame, grouping: list[pd.Series], between: float) -> pd.DataFrame:
    weight = 1 / (rows["variance"] + between)
    total = weight.groupby(grouping).sum()
    return pd.DataFrame({"mean": (weight * rows["mean"]).groupby(grouping).sum() / total, "variance": 1 / total})


def _shrink(rows: pd.DataFrame, prior: float | Array, prior_variance: float | Array, between: float) -> pd.DataFrame:
    own = between / (between + rows["variance"])
    mean = prior + own * (rows["mean"] - prior)
    variance = own * rows["variance"] + (1 - own) ** 2 * prior_variance
    return pd.DataFrame({"mean": mean, "variance": variance}, index=rows.index)


def _posteriors(rows: pd.DataFrame) -> Posteriors:
    values = rows[["mean", "variance"]].astype(float).itertuples(index=False, name=None)
    return {(str(a), str(b)): (mean, variance) for (a, b), (mean, variance) in zip(rows.index, values, strict=True)}


def _band_offsets(cells: pd.DataFrame) -> pd.DataFrame:
    """Estimate what a band adds to everybody's effect, drawn to zero as far as bands are not seen to differ.

    Five bands tell little of how much bands differ, so they are always allowed to differ by half of the mean effect:
    else those who hardly buy, whose differences are the least noisy, would speak for those who buy often.
    """
    pooled = _precision_mean(cells.rename(columns={"difference": "mean"})[["mean", "variance"]], [cells["band"]], 0.0)
    one_group = [pd.Series(0, index=pooled.index)]
    middle = float(_precision_mean(pooled, one_group, 0.0)["mean"].iloc[0])
    between = max(between_variance(pooled, one_group), (LEAST_SPREAD * middle) ** 2)
    middle = float(_precision_mean(pooled, one_group, between)["mean"].iloc[0])
    return _shrink(pooled.assign(mean=pooled["mean"] - middle), 0.0, 0.0, between)


def _base_orders(arms: pd.DataFrame) -> pd.Series[float]:
    if arms.empty:
        return pd.Series(dtype=float)
    controls = arms[arms["is_control"]].groupby("band")[["customers", "orders"]].sum()
    return controls["orders"] / controls["customers"]
