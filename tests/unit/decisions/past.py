"""Past campaigns whose effects are known, as the sums that comparisons are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BASE = {"recent": 0.4, "dormant": 0.1}


@dataclass(frozen=True)
class Past:
    """How contacts worked: `customers` contacted a band, a third as many controls.

    Args:
        forward: share of the extra orders that is missed afterwards.
        slope: extra orders a contact per unit of affinity.
        offset: what the band 'recent' gains more than said, and 'dormant' less.
    """

    customers: int = 3000
    forward: float = 0.0
    slope: float = 0.0
    offset: float = 0.0
    channel: str | None = "email"

    def arms(self, effects: Mapping[str, float], seed: int) -> pd.DataFrame:
        """Draw the arms of campaigns with these extra orders a contact."""
        draw = np.random.default_rng(seed)
        return pd.DataFrame([
            self._arm(draw, ref, effect, band, is_control)
            for ref, effect in effects.items() for band in BASE for is_control in (False, True)
        ])  # fmt: skip

    def _arm(
        self, draw: np.random.Generator, ref: str, effect: float, band: str, is_control: bool
    ) -> dict[str, object]:
        count = self.customers // 3 if is_control else self.customers
        rate = draw.gamma(0.5, BASE[band] / 0.5, count)
        affinity = draw.gamma(4.0, 0.25, count)
        offset = self.offset if band == "recent" else -self.offset
        extra = np.zeros(count) if is_control else effect + offset + self.slope * (affinity - 1)
        before, orders = draw.poisson(rate).astype(float), draw.poisson(np.maximum(rate + extra, 0)).astype(float)
        later = draw.poisson(np.maximum(rate - self.forward * extra, 0)).astype(float)
        return {
            "campaign_ref": ref, "channel_code": None if is_control else self.channel, "band": band,
            "is_control": is_control, "customers": count, **_sums(orders, before, ""),
            "targeted": count if self.slope else 0, "affinity": affinity.sum(), "affinity_squares": (affinity**2).sum(),
            "affinity_orders": (affinity * orders).sum(), "settled": count, **_sums(later, before, "later_"),
        }  # fmt: skip


def _sums(orders: NDArray[np.float64], before: NDArray[np.float64], prefix: str) -> dict[str, float]:
    return {
        f"{prefix}orders": orders.sum(),
        f"{prefix}squares": (orders**2).sum(),
        f"{prefix}covariate": before.sum(),
        f"{prefix}covariate_squares": (before**2).sum(),
        f"{prefix}products": (before * orders).sum(),
    }


def catalogue(refs: Mapping[str, float], objective: str = "retain") -> pd.DataFrame:
    """Name each campaign as a family of its own."""
    return pd.DataFrame({"campaign_ref": list(refs), "family": list(refs), "objective": objective})
