"""On which day each chosen contact is made.

Belongs here: days within capacity, permission and the customer's rest. Does not belong here: whom to contact.
Works through the days in order; on each day, the campaigns that end first take their contacts first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
NEVER = -1


@dataclass(frozen=True)
class Slots:
    """Chosen contacts in the order in which they are to be served, one element each.

    `last_day` is the last day, counted from the plan's first, on which the contact is permitted. Lanes have a first and
    a last day and a capacity a day, channels a capacity a day; customers the day of their last contact (negative).
    """

    customer: Ints
    lane: Ints
    last_day: Ints
    is_control: Flags
    lane_first_day: Ints
    lane_last_day: Ints
    lane_capacity: NDArray[np.float64]
    channel_of_lane: Ints
    channel_capacity: NDArray[np.float64]
    customer_last_contact: Ints


def assign_days(slots: Slots, horizon_days: int, gap_days: int) -> Ints:
    """Give each contact its day, counted from the plan's first; `NEVER` for one that finds no place.

    No two contacts of a customer are closer than `gap_days`; controls are given a day too and take no capacity.
    """
    day_of = np.full(len(slots.customer), NEVER, dtype=np.int64)
    last_contact = slots.customer_last_contact.copy()
    lanes = np.argsort(slots.lane_last_day, kind="stable")
    waiting = {int(lane): np.flatnonzero(slots.lane == lane) for lane in lanes}
    for day in range(horizon_days):
        channel_left = slots.channel_capacity.copy()
        for lane in map(int, lanes):
            rows = waiting[lane]
            if not len(rows) or not slots.lane_first_day[lane] <= day <= slots.lane_last_day[lane]:
                continue
            is_free = (last_contact[slots.customer[rows]] <= day - gap_days) & (slots.last_day[rows] >= day)
            candidates = rows[is_free]
            channel = int(slots.channel_of_lane[lane])
            room = min(slots.lane_capacity[lane], channel_left[channel])
            takes = np.cumsum(~slots.is_control[candidates])
            served = candidates[takes <= room]
            day_of[served] = day
            last_contact[slots.customer[served]] = day
            channel_left[channel] -= int((~slots.is_control[served]).sum())
            waiting[lane] = rows[day_of[rows] == NEVER]
    return day_of
