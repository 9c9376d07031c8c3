"""What persons answer to contacts: delivered, opened, clicked, visited, redeemed, declined, complained, unsubscribed.

Belongs here: responses as drawn from what the person meant to do anyway and from what the contact did. Does not belong
here: that effect itself (`effect`, `contacts`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sources.companies.demo.codes import CHANNEL, CHANNELS, RESPONSE
from sources.companies.demo.contacts import NEVER_AT, Stage, contact_columns
from sources.companies.demo.market import days_of, instants
from sources.companies.demo.model import Contacts, Orders, Responses
from sources.companies.demo.rows import hex_refs

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SPAN = 1 << 22
_CAMPAIGNS = 1024
_INSTANTS = 1 << 33
_DAY = 86_400
_HOUR = 3_600.0


def make_contacts(stage: Stage, orders: Orders) -> Contacts:
    """Lay out the contacts made before `scene.until`, with the orders that they caused."""
    scene, columns = stage.scene, contact_columns(stage)
    if not columns:
        columns = {name: np.zeros(0, dtype=np.int64) for name in _NUMBERS}
        columns["plan_ref"] = np.zeros(0, dtype=object)
    person, campaign, channel = (columns[name].astype(np.int64) for name in ("person", "campaign", "channel"))
    day = columns["day"].astype(np.int64)
    control = columns["is_control"].astype(bool)
    contact = columns["contact"].astype(np.int64)
    cost = np.where(control, 0.0, scene.campaigns.unit_cost_home[campaign, channel])
    known = columns["record"].astype(np.int64)
    return Contacts(
        contact=contact,
        ref=hex_refs("K", scene.chance.bits("contact.ref", contact)) if len(contact) else pa.array([], pa.string()),
        person=person,
        record=np.where(known >= 0, stage.records.record[np.maximum(known, 0)], person * 8),
        campaign=campaign.astype(np.int16),
        channel=channel.astype(np.int16),
        is_control=control,
        assignment=columns["assignment"].astype(np.int16),
        day=day.astype(np.int32),
        at=instants(scene.market, day, columns["second"].astype(np.int64)),
        cost_home=cost,
        delta=columns["delta"].astype(np.float64),
        outcome=_order_rows(orders, columns["order"].astype(np.int64)),
        made_leave=columns["made_leave"].astype(bool),
        plan_ref=pa.array(columns["plan_ref"].tolist(), pa.string()),
    )


_NUMBERS = (
    "contact", "person", "campaign", "channel", "day", "second", "is_control", "assignment", "record", "delta",
    "order", "made_leave", "unsubscribed",
)  # fmt: skip


def make_responses(stage: Stage, contacts: Contacts, orders: Orders) -> Responses:
    """Draw the responses before `scene.until`, by contact and time.

    Who means to buy anyway opens and clicks more, and so does who is moved: what they see of a response tells the two
    apart only by comparison with controls.
    """
    scene, section, chance = stage.scene, stage.scene.profile.contacts, stage.scene.chance
    row = np.flatnonzero(~contacts.is_control)
    contact, channel = contacts.contact[row], contacts.channel[row]
    at, order_at = contacts.at[row], contact_columns(stage).get("order_at", contacts.at)[row]
    moved = order_at < NEVER_AT
    odds = np.where(_means_to_buy(stage, contacts, row), section.intent_odds, 1.0)
    odds = odds * np.where(moved, section.effect_odds, 1.0)
    rates = {name: _by_channel(stage, name)[channel] for name in ("bounce", "open", "click")}
    untouched = 1.0 - np.abs(contacts.delta[row])
    bounced = (
        ~moved
        & ~contacts.made_leave[row]
        & chance.flag(np.minimum(rates["bounce"] / untouched, 1.0), "answer.bounced", contact)
    )
    bounced |= ~contact_columns(stage).get("reached", np.zeros(0))[row].astype(bool)
    opened = ~bounced & chance.flag(_with_odds(rates["open"], odds), "answer.opened", contact)
    seen = opened | ((rates["open"] == 0) & ~bounced)
    clicked = seen & chance.flag(_with_odds(rates["click"], odds), "answer.clicked", contact)
    called = (channel == CHANNEL["call_centre"]) & ~bounced
    complains = ~bounced & chance.flag(section.complaint_rate, "answer.complains", contact)
    gone = contacts.made_leave[row] | _unsubscribed(stage)[row]
    wait = _HOUR * chance.exponential("answer.wait", contact)
    first = np.minimum(at + 60 + (8 * wait).astype(np.int64), order_at - 300)
    first = np.maximum(first, at + 30)
    parts = [
        _part(row, ~bounced, "delivered", at + 20),
        _part(row, bounced, "bounced", at + 25),
        _part(row, opened, "opened", first),
        _part(row, clicked, "clicked", first + 40),
        _part(row, clicked, "visited", first + 55),
        _part(row, called & moved, "accepted", at + 240),
        _part(row, called & ~moved, "declined", at + 180),
        _part(row, complains, "complained", at + 7200 + (20 * wait).astype(np.int64)),
        _part(row, gone & ~bounced, "unsubscribed", first + 90),
        _redeemed(stage, contacts, orders),
    ]
    who, kind, when, order = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    day = days_of(scene.market, when)
    keep = day < scene.until
    who, kind, when, order, day = who[keep], kind[keep], when[keep], order[keep], day[keep]
    sort = np.lexsort((kind, when, who))
    return Responses(who[sort], kind[sort].astype(np.int16), day[sort].astype(np.int32), when[sort], order[sort])


def _part(row: Ints, which: Flags, kind: str, at: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    count = int(which.sum())
    return row[which], np.full(count, RESPONSE[kind]), at[which], np.full(count, -1, dtype=np.int64)


def _redeemed(stage: Stage, contacts: Contacts, orders: Orders) -> tuple[Ints, Ints, Ints, Ints]:
    """Tie each order with a coupon to the latest contact of that campaign with its customer."""
    window = (stage.scene.profile.contacts.window_days + 1) * _DAY
    coupon = np.flatnonzero(orders.campaign >= 0)
    real = np.flatnonzero(~contacts.is_control)
    if len(real) == 0 or len(coupon) == 0:
        return _part(real[:0], np.zeros(0, dtype=bool), "redeemed", real[:0])
    key = _pair_key(stage, contacts.person[real], contacts.campaign[real]) + contacts.at[real]
    sort = np.argsort(key, kind="stable")
    wanted = _pair_key(stage, orders.person[coupon], orders.campaign[coupon]) + orders.at[coupon]
    place = np.searchsorted(key[sort], wanted, side="right") - 1
    found = real[sort[np.maximum(place, 0)]]
    same = (contacts.person[found] == orders.person[coupon]) & (contacts.campaign[found] == orders.campaign[coupon])
    fits = (place >= 0) & same & (orders.at[coupon] - contacts.at[found] <= window)
    order = coupon[fits]
    return found[fits], np.full(len(order), RESPONSE["redeemed"]), orders.at[order], order


def _pair_key(stage: Stage, person: Ints, campaign: NDArray[np.int16]) -> Ints:
    """Give person and campaign one number, with room for an instant below it."""
    return np.asarray(((person - stage.lo) * _CAMPAIGNS + campaign.astype(np.int64)) * _INSTANTS)


def _means_to_buy(stage: Stage, contacts: Contacts, row: Ints) -> Flags:
    """Tell whether the person would have bought in the window without the contact."""
    own, window = stage.own, stage.scene.profile.contacts.window_days
    keys = own.person * _SPAN + own.day
    begin = np.searchsorted(keys, contacts.person[row] * _SPAN + contacts.day[row], side="right")
    end = np.searchsorted(keys, contacts.person[row] * _SPAN + contacts.day[row] + window, side="right")
    return np.asarray(end > begin)


def _with_odds(rate: Reals, odds: Reals) -> Reals:
    return np.asarray(rate * odds / (1.0 - rate + rate * odds))


def _by_channel(stage: Stage, figure: str) -> Reals:
    rates = np.zeros(len(CHANNELS))
    for name, cost in stage.scene.profile.contacts.channels.items():
        rates[CHANNEL[name]] = getattr(cost, figure)
    return rates


def _unsubscribed(stage: Stage) -> Flags:
    return np.asarray(contact_columns(stage).get("unsubscribed", np.zeros(0)), dtype=bool)


def _order_rows(orders: Orders, number: Ints) -> Ints:
    """Find the rows of orders by their numbers; -1 where there is none (yet)."""
    sort = np.argsort(orders.order, kind="stable")
    ordered = orders.order[sort]
    place = np.searchsorted(ordered, number)
    safe = np.minimum(place, max(len(ordered) - 1, 0))
    if len(ordered) == 0:
        return np.full(len(number), -1, dtype=np.int64)
    return np.asarray(np.where((number >= 0) & (place < len(ordered)) & (ordered[safe] == number), sort[safe], -1))
