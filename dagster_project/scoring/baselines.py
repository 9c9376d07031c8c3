"""The naive rules that a model has to beat.

The hiatus heuristic of managers — who has not bought for so long is gone — does as well as models in several trades
(Wübben & von Wangenheim 2008, Journal of Marketing 72(3)), so it is given its best threshold and its own hit rates.

Belongs here: rules that need no model. Does not belong here: the judgement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HiatusRule:
    """Active if the last purchase is at most `threshold_days` old; how often each side then bought."""

    threshold_days: float
    active_rate: float
    inactive_rate: float

    def probability(self, hiatus_days: Array) -> Array:
        """Probability of a purchase, by the side of the threshold."""
        return np.where(hiatus_days <= self.threshold_days, self.active_rate, self.inactive_rate)


def learn_hiatus_rule(hiatus_days: Array, bought: Array, window_days: int) -> HiatusRule:
    """Find the threshold that told best who would buy in the window before; without one, the window's own length.

    Args:
        hiatus_days: days since the last purchase, at the start of that earlier window.
        bought: 1 for customers who bought in it, else 0.
        window_days: length of the window.
    """
    if len(hiatus_days) == 0 or bought.min() == bought.max():
        return HiatusRule(float(window_days), 1.0, 0.0)
    order = np.argsort(hiatus_days, kind="stable")
    days, hits = hiatus_days[order], bought[order]
    right = np.cumsum(hits) + (len(hits) - np.arange(1, len(hits) + 1) - (hits.sum() - np.cumsum(hits)))
    is_last_of_its_day = np.append(days[1:] != days[:-1], True)
    best = int(np.argmax(np.where(is_last_of_its_day, right, -1.0)))
    active, rest = hits[: best + 1], hits[best + 1 :]
    return HiatusRule(float(days[best]), float(active.mean()), float(rest.mean()) if len(rest) else 0.0)
