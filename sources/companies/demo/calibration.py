"""Settings of the world that follow from its numbers: measured once on the first persons, the same for every chunk.

Belongs here: what must be measured so that a planted rate is the rate that comes out. Does not belong here: its use.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sources.companies.demo.codes import OBJECTIVES
from sources.companies.demo.purchases import OwnOrders, own_orders
from sources.companies.demo.scene import Scene

SAMPLE_PERSONS = 20_000
_SPAN = 1 << 22
_ELIGIBLE_RECENCY = {"buyers": (0, 365), "lapsing": (91, _SPAN), "dormant": (181, _SPAN)}


def calibrate(scene: Scene) -> Scene:
    """Set how often each campaign's extra orders take the place of the next one, so that a share kappa of all do.

    Only who would have bought within `brought_forward_days` has an order to bring forward. If h is the share of those
    among the persons whom the campaign moves, each of them brings it forward with chance kappa / h, at most 1.
    """
    kappa = scene.profile.contacts.brought_forward_share
    own = own_orders(replace(scene, until=scene.profile.days), 0, min(SAMPLE_PERSONS, len(scene.persons)))
    shares = [_share_with_next(scene, code, own) for code in range(len(scene.campaigns.starts))]
    forward = np.array([min(1.0, kappa / share) if share > 0 else 1.0 for share in shares], dtype=np.float64)
    return replace(scene, campaigns=replace(scene.campaigns, forward_chance=forward if kappa > 0 else forward * 0.0))


def _share_with_next(scene: Scene, code: int, own: OwnOrders) -> float:
    """Measure the share with an order within the days ahead among those eligible, weighted by the effect on them."""
    persons, campaigns = scene.persons, scene.campaigns
    if campaigns.objective[code] == OBJECTIVES.index("acquire"):
        return 1.0
    person, day = own.person, own.day
    count = min(SAMPLE_PERSONS, len(persons))
    start = int(min(campaigns.starts[code], scene.profile.days - 1))
    ahead = scene.profile.contacts.brought_forward_days
    row = np.arange(count)
    key = person * _SPAN + day
    place = np.searchsorted(key, row * _SPAN + start, side="right")
    safe = np.minimum(place, max(len(key) - 1, 0))
    if len(key) == 0:
        return 0.0
    has_next = (place < len(key)) & (person[safe] == row) & (day[safe] <= start + ahead)
    before = np.maximum(place - 1, 0)
    seen = (place > 0) & (person[before] == row)
    recency = np.where(seen, start - day[before], _SPAN - 1)
    low, high = _ELIGIBLE_RECENCY.get(campaigns.eligibility[code].as_py(), (-1, _SPAN))
    wanted = (persons.arrived[:count] < start) & (recency >= low) & (recency <= high)
    if campaigns.eligibility[code].as_py() == "newcomers":
        wanted &= persons.arrived[:count] > start - 120
    weight = np.where(wanted, np.maximum(persons.contact_response[:count], 0.0), 0.0)
    total = float(weight.sum())
    return float((weight * has_next).sum() / total) if total > 0 else 0.0
