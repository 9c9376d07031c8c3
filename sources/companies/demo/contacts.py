"""What contacts do: what they change in what persons would have done anyway.

Belongs here: playing contacts against the orders of the own will, in the order of time. Does not belong here: whom past
campaigns chose (`campaigning`), the formula of the effect (`effect`), opens and clicks (`answers`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo.codes import CAUSE, CAUSED_COUNTER, CHANNELS, NEVER, ORDERS_A_PERSON, SYSTEM
from sources.companies.demo.effect import RECENT_DAYS, delta
from sources.companies.demo.market import instants
from sources.companies.demo.model import Records
from sources.companies.demo.permission import Permission
from sources.companies.demo.purchases import OwnOrders
from sources.companies.demo.records import has_error
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = dict[str, NDArray[Any]]

ATTEMPTS = 64
CONTACTS_A_PERSON = 65_536
_SPAN = 1 << 22
LONG_AGO = -(1 << 20)
_OPENS, _OPEN_SECONDS = 9 * 3600, 12 * 3600
_LAST_SECOND = 86_399
_SOONEST = 900
NEVER_AT = 1 << 60
"""The instant of an order that a contact did not cause."""


@dataclass(frozen=True)
class Batch:
    """Contacts to be made, at most one a person: row = person - lo. All arrays have one row a contact.

    Attributes:
        record: row in Records of the address used, -1 for the first one by which the person can be reached.
    """

    row: Ints
    record: Ints
    campaign: Ints
    channel: Ints
    day: Ints
    second: Ints
    is_control: Flags
    assignment: Ints
    attempt: Ints
    plan_ref: NDArray[np.object_]


@dataclass
class Stage:
    """The state of a chunk while campaigns are played on it.

    Attributes:
        removed, cancelled: per own order. left: day per person. gone: day on which a contact drove the person off.
        sent: one array a batch: day of the contact per person. made: columns of contacts. caused: columns of orders.
        record: per channel, row in Records through which the person is reached (-1 none), persons x CHANNELS.
        reaches: whether a record has an address for the channel, records x CHANNELS.
    """

    scene: Scene
    lo: int
    records: Records
    own: OwnOrders
    permission: Permission
    value: Reals
    record: Ints
    reaches: Flags
    removed: Flags
    cancelled: Flags
    left: Ints
    gone: Ints
    sent: list[Ints] = field(default_factory=list)
    made: list[Columns] = field(default_factory=list)
    caused: list[Columns] = field(default_factory=list)


def set_stage(scene: Scene, lo: int, hi: int, records: Records, own: OwnOrders, permission: Permission) -> Stage:
    """Begin with what everybody would do without any campaign."""
    order = own.person * ORDERS_A_PERSON + own.counter
    value = scene.chance.gamma(scene.profile.buying.spend_shape, "order.value", order)
    reaches = _reaches(records)
    return Stage(
        scene=scene,
        lo=lo,
        records=records,
        own=own,
        permission=permission,
        value=value / scene.persons.spend_rate[own.person],
        record=_ways_to_reach(hi - lo, lo, records, reaches),
        reaches=reaches,
        removed=np.zeros(len(own.person), dtype=bool),
        cancelled=np.zeros(len(own.person), dtype=bool),
        left=own.left.copy(),
        gone=np.full(hi - lo, NEVER, dtype=np.int64),
    )


def play(stage: Stage, batch: Batch) -> None:
    """Make the contacts of a batch and let them work."""
    scene, chance = stage.scene, stage.scene.chance
    row, day, person = batch.row, batch.day, batch.row + stage.lo
    recent = _recent(stage, row, day)
    record = np.where(batch.record >= 0, batch.record, stage.record[row, batch.channel])
    reached = (record >= 0) & stage.reaches[np.maximum(record, 0), batch.channel]
    change = delta(scene, person, batch.campaign, batch.channel, day, batch.second, recent) * reached
    luck = chance.uniform("contact.outcome", person, batch.campaign, batch.attempt)
    works = ~batch.is_control & (stage.gone[row] >= day)
    extra = np.flatnonzero(works & (luck < change))
    against = np.flatnonzero(works & (luck < -change))
    outcome, outcome_at = np.full(len(row), -1, dtype=np.int64), np.full(len(row), NEVER_AT, dtype=np.int64)
    outcome[extra], outcome_at[extra] = _cause_orders(stage, batch, extra)
    made_leave = np.zeros(len(row), dtype=bool)
    made_leave[against] = _turn_away(stage, batch, against)
    unsubscribed = _unsubscribe(stage, batch, recent, reached) | made_leave
    history = np.full(len(stage.left), LONG_AGO, dtype=np.int64)
    felt = ~batch.is_control & reached
    history[row[felt]] = day[felt]
    stage.sent.append(history)
    stage.made.append(
        {
            "contact": person * CONTACTS_A_PERSON + batch.campaign * ATTEMPTS + batch.attempt,
            "person": person,
            "campaign": batch.campaign,
            "channel": batch.channel,
            "day": day,
            "second": batch.second,
            "is_control": batch.is_control,
            "assignment": batch.assignment,
            "plan_ref": batch.plan_ref,
            "record": record,
            "reached": reached,
            "delta": change,
            "order": outcome,
            "order_at": outcome_at,
            "made_leave": made_leave,
            "unsubscribed": unsubscribed,
        }
    )


def next_own(stage: Stage, row: Ints, after: Ints, within: int) -> Ints:
    """Find each person's next order of the own will after a day and within so many days; -1 if there is none."""
    keys = (stage.own.person - stage.lo) * _SPAN + stage.own.day
    place = np.searchsorted(keys, row * _SPAN + after, side="right")
    safe = np.minimum(place, max(len(keys) - 1, 0))
    if len(keys) == 0:
        return np.full(len(row), -1, dtype=np.int64)
    fits = (place < len(keys)) & (stage.own.person[safe] - stage.lo == row) & (stage.own.day[safe] <= after + within)
    return np.asarray(np.where(fits & ~stage.removed[safe], safe, -1))


def _reaches(records: Records) -> Flags:
    """Tell which records have an address for which channel."""
    has_email, has_phone = (
        np.asarray(texts.to_numpy(zero_copy_only=False) != "") for texts in (records.email, records.phone)
    )
    suits = {
        "email": has_email,
        "sms": has_phone,
        "call_centre": has_phone,
        "app": records.system == SYSTEM["app"],
        "post": ~has_error(records, "blank_address"),
    }
    everything = np.ones(len(records.record), dtype=bool)
    return np.column_stack([suits.get(name, everything) for name in CHANNELS])


def _ways_to_reach(count: int, lo: int, records: Records, reaches: Flags) -> Ints:
    """Find for each person and channel the first record by which he can be reached."""
    ways = np.full((count, len(CHANNELS)), -1, dtype=np.int64)
    for channel in range(len(CHANNELS)):
        rows = np.flatnonzero(reaches[:, channel])[::-1]
        ways[records.person[rows] - lo, channel] = rows
    return ways


def _recent(stage: Stage, row: Ints, day: Ints) -> Ints:
    count = np.zeros(len(row), dtype=np.int64)
    for history in stage.sent:
        ago = day - history[row]
        count += (ago >= 0) & (ago < RECENT_DAYS)
    return count


def _cause_orders(stage: Stage, batch: Batch, pick: Ints) -> tuple[Ints, Ints]:
    """Let contacts cause one order each (number, instant); some only bring forward the next, which then falls away."""
    chance, section = stage.scene.chance, stage.scene.profile.contacts
    row, campaign, attempt = batch.row[pick], batch.campaign[pick], batch.attempt[pick]
    person = row + stage.lo
    keys = (person, campaign, attempt)
    cut = -np.expm1(-section.window_days / section.response_days)
    lag = np.floor(-section.response_days * np.log1p(-chance.uniform("contact.lag", *keys) * cut)).astype(np.int64)
    day = batch.day[pick] + lag
    second = _OPENS + chance.integers(_OPEN_SECONDS, "contact.order_second", *keys)
    second = np.where(lag == 0, np.maximum(second, batch.second[pick] + _SOONEST), second)
    forward = chance.flag(stage.scene.campaigns.forward_chance[campaign], "contact.brought_forward", *keys)
    taken = np.where(forward, next_own(stage, row, day, section.brought_forward_days), -1)
    stage.removed[taken[taken >= 0]] = True
    counter = CAUSED_COUNTER + campaign * 4 + np.minimum(attempt, 3)
    stage.caused.append(
        {
            "person": person,
            "counter": counter,
            "day": day,
            "second": np.minimum(second, _LAST_SECOND),
            "cause": np.where(taken >= 0, CAUSE["brought_forward"], CAUSE["extra"]),
            "campaign": campaign,
        }
    )
    at = instants(stage.scene.market, day, np.minimum(second, _LAST_SECOND))
    return person * ORDERS_A_PERSON + counter, at


def _turn_away(stage: Stage, batch: Batch, pick: Ints) -> Flags:
    """Let contacts drive persons off: some call off their next order, the others leave for good."""
    chance, section = stage.scene.chance, stage.scene.profile.contacts
    row, day = batch.row[pick], batch.day[pick]
    keys = (row + stage.lo, batch.campaign[pick], batch.attempt[pick])
    calls_off = chance.flag(section.cancel_share, "contact.calls_off", *keys)
    order = np.where(calls_off, next_own(stage, row, day, section.brought_forward_days), -1)
    stage.cancelled[order[order >= 0]] = True
    leaves = order < 0
    stage.left[row[leaves]] = np.minimum(stage.left[row[leaves]], day[leaves])
    stage.gone[row[leaves]] = day[leaves]
    own_row = stage.own.person - stage.lo
    stage.removed |= stage.own.day > stage.gone[own_row]
    for channel in range(len(CHANNELS)):
        stage.permission.end(row[leaves], np.full(int(leaves.sum()), channel), day[leaves])
    return np.asarray(leaves)


def _unsubscribe(stage: Stage, batch: Batch, recent: Ints, reached: Flags) -> Flags:
    section = stage.scene.profile.consent
    rate = np.minimum(section.opt_out_per_contact * (1.0 + section.pressure * recent), 1.0)
    keys = (batch.row + stage.lo, batch.campaign, batch.attempt)
    stops = ~batch.is_control & reached & stage.scene.chance.flag(rate, "contact.unsubscribes", *keys)
    stage.permission.end(batch.row[stops], batch.channel[stops], batch.day[stops])
    return np.asarray(stops)


def contact_columns(stage: Stage) -> Columns:
    """Give the contacts made before `scene.until`, by person and time."""
    return _gather(stage.made, ("person", "day", "second", "campaign"), stage.scene.until)


def caused_columns(stage: Stage) -> Columns:
    """Give the orders caused that fall before `scene.until`, by person and time."""
    return _gather(stage.caused, ("person", "day", "counter"), stage.scene.until)


def _gather(parts: list[Columns], by: tuple[str, ...], until: int) -> Columns:
    if not parts:
        return {}
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort([columns[name] for name in reversed(by)])
    order = order[columns["day"][order] < until]
    return {name: column[order] for name, column in columns.items()}
