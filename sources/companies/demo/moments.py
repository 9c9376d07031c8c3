"""Moments of a customer's life: Poisson processes over the time in which a person is a customer.

Belongs here: drawing when something happens to whom, by person and block of 28 days, so that neither the chunk nor the
day at which one stops changes what was before. Does not belong here: what happens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sources.companies.demo.codes import Flags, Ints, Reals
from sources.companies.demo.market import days_of, instants
from sources.companies.demo.model import Life
from sources.companies.demo.rows import grow
from sources.companies.demo.scene import Scene

BLOCK_DAYS = 28
DAYTIME = 8 * 3600, 15 * 3600
"""Moments lie between 8 and 23 o'clock: first second, number of seconds."""


def moments(scene: Scene, life: Life, per_year: ArrayLike, purpose: str) -> tuple[Ints, Ints, Ints]:
    """Draw a Poisson process over the time in which each person of a chunk is a customer.

    Args:
        scene: the world.
        life: the chunk.
        per_year: mean number of events a year, one number or one a person of the chunk.
        purpose: name of the draws.

    Returns:
        Person, number of the event (unique for person and purpose), instant; by person and number.
    """
    person, block = _blocks(scene, life)
    rate = np.broadcast_to(np.asarray(per_year, dtype=np.float64), (life.hi - life.lo,))[person - life.lo]
    parent, place = grow(scene.chance.poisson(rate * BLOCK_DAYS / 365.25, f"{purpose}.count", person, block))
    person, block = person[parent], block[parent]
    day = block * BLOCK_DAYS + scene.chance.integers(BLOCK_DAYS, f"{purpose}.day", person, block, place)
    at = instant(scene, day, daytime(scene, purpose, person, block, place))
    active = is_customer(scene, life, person, at)
    return person[active], (block * 64 + place)[active], at[active]


def instant(scene: Scene, day: ArrayLike, second: ArrayLike = 0) -> Ints:
    """Give the instant of a second of the company's own day."""
    days, seconds = np.broadcast_arrays(np.asarray(day, dtype=np.int64), np.asarray(second).astype(np.int64))
    return instants(scene.market, days, seconds)


def day_of(scene: Scene, at: ArrayLike) -> Ints:
    """Give the company's own day of each instant."""
    return days_of(scene.market, np.asarray(at, dtype=np.int64))


def seconds_played(scene: Scene) -> int:
    """Count the seconds from the beginning of day 0 to the end of play; clocks are changed between the two."""
    return int(instant(scene, scene.until)[()] - instant(scene, 0)[()])


def daytime(scene: Scene, purpose: str, *keys: Ints) -> Ints:
    """Draw a second of the day at which people are up."""
    return (DAYTIME[0] + DAYTIME[1] * scene.chance.uniform(f"{purpose}.second", *keys)).astype(np.int64)


def is_customer(scene: Scene, life: Life, person: Ints, at: Ints) -> Flags:
    """Tell whether each person has arrived and not left at an instant before the end of play."""
    end = instant(scene, np.minimum(life.left[person - life.lo] + 1, scene.until), 0)
    arrived = instant(scene, scene.persons.arrived[person], scene.persons.arrived_second[person])
    return np.asarray((at >= arrived) & (at < end))


def _blocks(scene: Scene, life: Life) -> tuple[Ints, Ints]:
    """List each person with each block of days in which he was a customer for some time."""
    person = np.arange(life.lo, life.hi)
    first = np.maximum(scene.persons.arrived[person], 0) // BLOCK_DAYS
    last = np.minimum(life.left, scene.until - 1) // BLOCK_DAYS
    parent, place = grow(np.maximum(last - first + 1, 0))
    return person[parent], first[parent].astype(np.int64) + place


def satisfaction_at(scene: Scene, life: Life, person: Ints, at: Ints) -> Reals:
    """Give each person's satisfaction at an instant: that of the last order before it, else the usual one."""
    orders = life.orders
    answer = np.full(len(person), scene.profile.aftercare.satisfaction_mean)
    if len(orders) == 0 or len(person) == 0:
        return answer
    begin = min(int(orders.at.min()), int(at.min()))
    stamp, wanted = (p * 2**34 + (t - begin) for p, t in ((orders.person, orders.at), (person, at)))
    last = np.searchsorted(stamp, wanted) - 1
    found = (last >= 0) & (orders.person[np.maximum(last, 0)] == person)
    answer[found] = orders.satisfaction[last[found]]
    return answer
