"""What a contact takes away later: orders that it only brought forward, and customers whom it drove off.

*Brought forward.* Of the extra orders a share was due anyway in the time after the response window and is missed there:
the dip after a promotion. Only who would have bought has an order to bring forward, so the share of a customer is a
common factor times his chance of an order in that time. The factor is drawn from what controls ordered later more than
contacted customers did, and from a prior: about a third of the orders that promotions add is taken from later ones
(van Heerde, Leeflang & Wittink 2004, Decomposing the sales promotion bump with store data, Marketing Science 23).

*Driven off.* What is lost in a year with the few who leave is too rare to be seen between arms. It is found by the way
of a surrogate (Athey, Chetty, Imbens & Kang 2019, The surrogate index): how often a contact is followed by an opt-out,
times how much less than others of their band those who opted out order from then on.

Belongs here: pure statistics on comparisons. Does not belong here: SQL, money.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dagster_project.decisions.comparison import LATER, compare
from dagster_project.decisions.uplift import UpliftModel

FORWARD_SHARE, FORWARD_DEVIATION = 1 / 3, 1 / 6
"""Share of extra orders that is only brought forward, before any look at the facts: mean and standard deviation."""
CHANNEL_WEIGHT = 200.0
"""Contacts of all channels that speak beside a channel's own for how often it is followed by an opt-out."""
PRIOR_ORDERS = 5.0
"""Orders of customers who opted out that stand for the belief that they go on as before."""


@dataclass(frozen=True)
class Aftermath:
    """What to take off an effect.

    `forward` x a customer's chance of an order in the aftermath = share of his extra orders that are only brought
    forward; with its standard deviation. `leaving` has by channel the share of a customer's future that a contact
    costs; `leaving_anywhere` is that of all channels, `leaving_deviation` relative.
    """

    forward: float
    forward_deviation: float
    leaving: dict[str, float]
    leaving_anywhere: float
    leaving_deviation: float

    def leaving_by(self, channel: str) -> float:
        """Share of a customer's future that a contact through the channel is expected to cost."""
        return self.leaving.get(channel, self.leaving_anywhere)


def estimate_aftermath(
    arms: pd.DataFrame, leavers: pd.DataFrame, catalogue: pd.DataFrame, model: UpliftModel
) -> Aftermath:
    """Estimate what contacts take away later.

    Args:
        arms: as for `comparison.compare`, with the columns of the later orders.
        leavers: channel_code, band, contacts, unsubscribed, settled, later_orders, later_squares,
            settled_unsubscribed, unsubscribed_orders.
        catalogue: campaign_ref, family, objective.
        model: the effect within the response window.
    """
    rates, anywhere = _opt_out_rates(leavers)
    lost, deviation = _lost_share(leavers)
    leaving = {channel: rate * lost for channel, rate in rates.items()}
    cells = compare(arms, LATER) if len(arms) and model.is_known else pd.DataFrame()
    if len(cells):
        cells = cells.merge(catalogue, on="campaign_ref")
        cells["leaving"] = [leaving.get(str(c), anywhere * lost) for c in cells["channel_code"]]
    forward, forward_deviation = _forward(cells, model)
    return Aftermath(forward, forward_deviation, leaving, anywhere * lost, deviation)


def _opt_out_rates(leavers: pd.DataFrame) -> tuple[dict[str, float], float]:
    if leavers.empty or not leavers["contacts"].sum():
        return {}, 0.0
    channels = leavers.groupby("channel_code")[["contacts", "unsubscribed"]].sum()
    anywhere = float(channels["unsubscribed"].sum() / channels["contacts"].sum())
    rates = (channels["unsubscribed"] + CHANNEL_WEIGHT * anywhere) / (channels["contacts"] + CHANNEL_WEIGHT)
    return {str(channel): float(rate) for channel, rate in rates.items()}, anywhere


def _lost_share(leavers: pd.DataFrame) -> tuple[float, float]:
    """Share of their future orders that those who opted out do not make, and its relative standard deviation."""
    if leavers.empty or not leavers["settled_unsubscribed"].sum():
        return 0.0, 0.0
    bands = leavers.groupby("band")[
        ["settled", "later_orders", "later_squares", "settled_unsubscribed", "unsubscribed_orders"]
    ].sum()
    settled = bands["settled"].clip(lower=1)
    usual = bands["later_orders"] / settled
    variance = (bands["later_squares"] / settled - usual**2).clip(lower=1e-6)
    expected = float((bands["settled_unsubscribed"] * usual).sum()) + PRIOR_ORDERS
    kept = (float(bands["unsubscribed_orders"].sum()) + PRIOR_ORDERS) / expected
    deviation = float((bands["settled_unsubscribed"] * variance).sum()) ** 0.5 / expected
    lost = min(max(1 - kept, 0.0), 1.0)
    return lost, deviation / lost if lost > 0 else 0.0


def _forward(cells: pd.DataFrame, model: UpliftModel) -> tuple[float, float]:
    """Weigh the dip that was seen with what is known of dips: weighted least squares with a normal prior."""
    if cells.empty:
        return FORWARD_SHARE, FORWARD_DEVIATION
    names = zip(*(cells[c].astype(str) for c in ("family", "objective", "channel_code", "band")), strict=True)
    gained = np.maximum([model.predict(*name)[0] for name in names], 0.0)
    ordered = (cells["control_mean"] * cells["controls"]).groupby(cells["band"]).transform("sum")
    usual = (ordered / cells["controls"].groupby(cells["band"]).transform("sum")).to_numpy(np.float64)
    has_next = -np.expm1(-usual)
    contacted = cells["contacted"].to_numpy(np.float64)
    mean_next = float((contacted * gained * has_next).sum() / max((contacted * gained).sum(), 1e-12))
    if mean_next <= 1e-3:
        return FORWARD_SHARE, FORWARD_DEVIATION
    prior, prior_deviation = FORWARD_SHARE / mean_next, FORWARD_DEVIATION / mean_next
    missed = -cells["difference"].to_numpy(np.float64) - cells["leaving"].to_numpy(np.float64) * usual
    weight = 1 / cells["variance"].to_numpy(np.float64)
    due = gained * has_next
    precision = float((weight * due**2).sum()) + prior_deviation**-2
    factor = (float((weight * due * missed).sum()) + prior * prior_deviation**-2) / precision
    return min(max(factor, 0.0), 1 / mean_next), precision**-0.5
