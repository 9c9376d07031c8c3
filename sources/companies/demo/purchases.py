"""When people buy of their own will: BG/NBD in the time of demand (Fader, Hardie and Lee 2005).

Belongs here: purchase times and dropout of each person. Does not belong here: what an order holds (`orders`,
`baskets`), what campaigns change (`contacts`).

Orders come as a Poisson process of rate lambda per week of demand: the clock runs faster on days of more demand, so
that a world without season, weekdays and trend is BG/NBD exactly. After each order but a first one at the arrival the
person leaves with chance p, more if he was badly served.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo.aftercare import care_for, dropout_after
from sources.companies.demo.codes import CAUSED_COUNTER, NEVER, ORDERS_A_PERSON
from sources.companies.demo.market import AFTER
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

_WEEK = 7.0
_DAY = 86_400


class OwnOrders(NamedTuple):
    """Orders of a chunk's own will, by person and counter; and for each person the day on which he left.

    Attributes:
        person, counter, day: as in `model.Orders`. share: when on that day by the process, 0 to 1.
        left: index person - lo; NEVER while he stays, -1 if he had left before the world began.
    """

    person: Ints
    counter: Ints
    day: Ints
    share: Reals
    left: Ints


def own_orders(scene: Scene, lo: int, hi: int) -> OwnOrders:
    """Play the purchase process of persons `lo <= person < hi` as far beyond `scene.until` as contacts look ahead."""
    clock = _demand_clock(scene)
    reach = min(scene.until + look_ahead(scene), len(clock) - 2)
    person = np.arange(lo, hi)
    arrived = np.maximum(scene.persons.arrived[person].astype(np.int64), 0)
    moment = arrived + np.where(scene.persons.arrived[person] >= 0, scene.persons.arrived_second[person] / _DAY, 0.0)
    left = np.where(scene.persons.is_dormant[person], -1, NEVER).astype(np.int64)
    there = np.flatnonzero((left > 0) & (arrived < reach))
    passed = np.interp(moment, np.arange(len(clock)), clock)
    found = [_first(scene, lo, there, arrived, moment)]
    counter = scene.persons.buys_at_arrival[person].astype(np.int64)
    while there.size:
        passed[there] += _gap(scene, lo + there, counter[there])
        there = there[passed[there] < clock[reach]]
        when = np.interp(passed[there], clock, np.arange(len(clock)))
        day = np.floor(when).astype(np.int64)
        found.append((lo + there, counter[there], day, when - day))
        leaves = _leaves(scene, lo + there, counter[there], day)
        left[there[leaves]] = day[leaves]
        counter[there] += 1
        there = there[~leaves & (counter[there] < CAUSED_COUNTER)]
    columns = [np.concatenate(parts) for parts in zip(*found, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    person, counter, day, share = (column[order] for column in columns)
    return OwnOrders(person, counter, day, share, left)


def look_ahead(scene: Scene) -> int:
    """Count the days beyond a day that what happens on it may depend on (an order that is brought forward)."""
    section = scene.profile.contacts
    return min(section.window_days + section.brought_forward_days + 1, AFTER)


def _demand_clock(scene: Scene) -> Reals:
    """Give the time of demand, in days of mean demand, at the start of each day of the world."""
    return np.concatenate(([0.0], np.cumsum(scene.market.demand[-scene.market.first_day :])))


def _first(scene: Scene, lo: int, there: Ints, arrived: Ints, moment: Reals) -> tuple[Ints, Ints, Ints, Reals]:
    """List the first orders of those who buy as they arrive."""
    buyers = there[scene.persons.buys_at_arrival[lo + there]]
    return lo + buyers, np.zeros(len(buyers), dtype=np.int64), arrived[buyers], moment[buyers] - arrived[buyers]


def _gap(scene: Scene, person: Ints, counter: Ints) -> Reals:
    rate = scene.persons.rate[person] / _WEEK
    return np.asarray(scene.chance.exponential("order.gap", person, counter) / np.maximum(rate, 1e-12))


def _leaves(scene: Scene, person: Ints, counter: Ints, day: Ints) -> NDArray[np.bool_]:
    chance_to_leave = scene.persons.dropout[person]
    if scene.profile.aftercare.dropout_per_point > 0:
        care = care_for(scene, person * ORDERS_A_PERSON + counter, day)
        chance_to_leave = chance_to_leave + dropout_after(scene, care.satisfaction)
    return scene.chance.flag(chance_to_leave, "order.leaves", person, counter)
