"""What goes wrong after an order, how long it takes to mend, and how content the customer is then.

Belongs here: the state of an order's case as numbers. Does not belong here: the cases as a feed (`service`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo.market import at_day
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


class Aftercare(NamedTuple):
    """One row an order; business hours from the opening to the first answer and to the solution, 0 without a case."""

    has_case: NDArray[np.bool_]
    reply_hours: Reals
    solve_hours: Reals
    satisfaction: Reals


def care_for(scene: Scene, order: Ints, day: Ints) -> Aftercare:
    """Draw what follows each order (order number, day); hours are lognormal and grow with the teams' load that day."""
    section, chance = scene.profile.aftercare, scene.chance
    has_case = chance.flag(section.case_rate, "order.case", order)
    satisfaction = section.satisfaction_mean + section.satisfaction_spread * chance.normal("order.satisfaction", order)
    reply, solve = np.zeros(len(order)), np.zeros(len(order))
    if has_case.any():
        which = order[has_case]
        load = at_day(scene.market, scene.market.service_load, day[has_case]) ** section.load_exponent
        noise = section.hours_spread * chance.normal("case.hours", which)
        own = 0.5 * section.hours_spread * chance.normal("case.reply", which)
        solve[has_case] = section.solve_hours * load * np.exp(noise)
        reply[has_case] = np.minimum(section.reply_hours * load * np.exp(noise + own), solve[has_case])
        delay = np.maximum(np.log2(solve[has_case] / section.patience_hours), 0.0)
        satisfaction[has_case] -= section.satisfaction_per_doubling * (1.0 + delay)
    return Aftercare(has_case, reply, solve, np.clip(satisfaction, 1.0, 5.0))


def dropout_after(scene: Scene, satisfaction: Reals) -> Reals:
    """Give what is added to the chance to leave after an order."""
    return np.asarray(scene.profile.aftercare.dropout_per_point * np.maximum(3.0 - satisfaction, 0.0))
