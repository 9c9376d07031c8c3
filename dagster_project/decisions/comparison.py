"""Contacted against control customers of the same campaign, channel and band, from sums alone.

The difference of two arms is adjusted by what customers had ordered before (CUPED: Deng, Xu, Kohavi & Walker 2013,
Improving the sensitivity of online controlled experiments by utilizing pre-experiment data), which takes out of the
noise what chance put into the arms.

Belongs here: differences and their sampling variances. Does not belong here: SQL, shrinkage, money.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

CELL = ["campaign_ref", "channel_code", "band"]


@dataclass(frozen=True)
class Outcome:
    """Columns of the arms that hold an outcome: customers, sum, sum of squares; the covariate's; their products."""

    count: str
    total: str
    squares: str
    covariate: str
    covariate_squares: str
    products: str


ORDERS = Outcome("customers", "orders", "squares", "covariate", "covariate_squares", "products")
LATER = Outcome(
    "settled", "later_orders", "later_squares", "later_covariate", "later_covariate_squares", "later_products"
)


def compare(arms: pd.DataFrame, outcome: Outcome = ORDERS) -> pd.DataFrame:
    """Compare contacted and control customers of the same campaign, channel and band.

    Args:
        arms: campaign_ref, channel_code (null for controls that had none assigned), band, is_control, and the columns
            of the outcome; a row an arm.
        outcome: which columns to compare.

    Returns:
        campaign_ref, channel_code, band, contacted, controls, difference (of the means), variance, control_mean. The
        variance of a customer is pooled over a band, so that a small arm without an order is no certain one.
    """
    sums = arms[[*CELL, "is_control"]].assign(**{
        name: arms[column].astype(float) for name, column in vars(outcome).items()
    })  # fmt: skip
    sums = sums[sums["count"] > 0]
    if sums.empty:
        return pd.DataFrame()
    slope, spread = _adjustment(sums)
    cells = _matched(sums)
    if cells.empty:
        return pd.DataFrame()
    means = {
        f"{name}{arm}": cells[f"{name}{arm}"] / cells[f"count{arm}"]
        for name in ("total", "covariate") for arm in ("", "_control")
    }  # fmt: skip
    by_chance = cells["band"].map(slope) * (means["covariate"] - means["covariate_control"])
    return pd.DataFrame({
        "campaign_ref": cells["campaign_ref"],
        "channel_code": cells["channel_code"],
        "band": cells["band"],
        "contacted": cells["count"],
        "controls": cells["count_control"],
        "difference": means["total"] - means["total_control"] - by_chance,
        "variance": cells["band"].map(spread) * (1 / cells["count"] + 1 / cells["counted"]),
        "control_mean": means["total_control"],
    })  # fmt: skip


def _matched(sums: pd.DataFrame) -> pd.DataFrame:
    """Put each contacted cell beside its controls; controls without a channel stand for all of the campaign's."""
    values = [name for name in vars(ORDERS) if name in sums]
    contacted = sums[~sums["is_control"]].groupby(CELL, as_index=False)[values].sum()
    controls = sums[sums["is_control"]]
    own = controls.dropna(subset=["channel_code"])
    has_own = contacted["campaign_ref"].isin(own["campaign_ref"])
    by_channel = own.groupby(CELL, as_index=False)[values].sum()
    by_campaign = controls.groupby(["campaign_ref", "band"], as_index=False)[values].sum()
    cells = pd.concat([
        contacted[has_own].merge(by_channel, on=CELL, suffixes=("", "_control")),
        contacted[~has_own].merge(by_campaign, on=["campaign_ref", "band"], suffixes=("", "_control")),
    ], ignore_index=True)  # fmt: skip
    # Controls that serve several channels are shared out among them, or they would count several times over.
    together = cells.groupby(["campaign_ref", "band"])["count"].transform("sum")
    is_shared = ~cells["campaign_ref"].isin(own["campaign_ref"])
    return cells.assign(counted=cells["count_control"] * (cells["count"] / together).where(is_shared, 1.0))


def _adjustment(sums: pd.DataFrame) -> tuple[pd.Series[float], pd.Series[float]]:
    """By band: the slope of the outcome on the covariate within arms, and the variance of a customer around it."""
    within = pd.DataFrame({
        "n": sums["count"],
        "xx": sums["covariate_squares"] - sums["covariate"] ** 2 / sums["count"],
        "xy": sums["products"] - sums["covariate"] * sums["total"] / sums["count"],
        "yy": sums["squares"] - sums["total"] ** 2 / sums["count"],
    }).groupby(sums["band"]).sum()  # fmt: skip
    freedom = (within["n"] - sums.groupby("band").size()).clip(lower=1)
    slope = (within["xy"] / within["xx"]).where(within["xx"] > 1e-9, 0.0)
    residual = (within["yy"] - slope * within["xy"]) / freedom
    overall = float((residual * within["n"]).sum() / within["n"].sum())
    return slope, residual.where(residual > 1e-6, max(overall, 1e-4))


def compare_slopes(arms: pd.DataFrame) -> pd.DataFrame:
    """Compare how steeply orders rise with the affinity to the campaign's category: contacted less control.

    Args:
        arms: campaign_ref, channel_code, band, is_control, orders and squares, targeted (customers), affinity,
            affinity_squares, affinity_orders (sums over the targeted); see `past_contacts`.

    Returns:
        campaign_ref, slope (extra orders a contact per unit of affinity), variance; campaigns with a category only.
    """
    aimed = arms[arms["targeted"] > 1]
    if aimed.empty:
        return pd.DataFrame(columns=["campaign_ref", "slope", "variance"])
    n = aimed["targeted"].astype(float)
    sums = pd.DataFrame({
        "campaign_ref": aimed["campaign_ref"],
        "is_control": aimed["is_control"],
        "n": n,
        "xx": aimed["affinity_squares"] - aimed["affinity"] ** 2 / n,
        "xy": aimed["affinity_orders"] - aimed["affinity"] * aimed["orders"] / n,
        "yy": aimed["squares"] - aimed["orders"] ** 2 / n,
    }).groupby(["campaign_ref", "is_control"]).sum()  # fmt: skip
    sums = sums[sums["xx"] > 1e-6]
    is_control = sums.index.get_level_values("is_control").to_numpy(bool)
    both = sums[~is_control].droplevel("is_control").join(
        sums[is_control].droplevel("is_control"), how="inner", rsuffix="_control"
    )  # fmt: skip
    noise = (both["yy"] + both["yy_control"]) / (both["n"] + both["n_control"])
    return pd.DataFrame({
        "slope": both["xy"] / both["xx"] - both["xy_control"] / both["xx_control"],
        "variance": np.maximum(noise, 1e-4) * (1 / both["xx"] + 1 / both["xx_control"]),
    }).reset_index()  # fmt: skip
