"""Orders: those of the own will that remain and those that contacts caused, with channel, place, value and coupon.

Belongs here: one row an order. Does not belong here: when persons buy (`purchases`), lines (`baskets`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.companies.demo.aftercare import care_for
from sources.companies.demo.chance import scramble
from sources.companies.demo.codes import CAUSE, CHANNEL, CURRENCIES, ORDERS_A_PERSON, SYSTEM
from sources.companies.demo.contacts import Stage, caused_columns
from sources.companies.demo.effect import offer_cost
from sources.companies.demo.market import instants
from sources.companies.demo.model import Orders, Records
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int16]

_SPAN = 1 << 40
_LAST_SECOND = 86_399
_SHOP_OPENS, _SHOP_CLOSES = 9 * 3600, 20 * 3600
_ORDER_BITS = 40
_HOME_SYSTEM = {"web": "webshop", "app": "app", "store": "pos", "call_centre": "crm", "partner": "crm"}


class Bought(NamedTuple):
    """Orders before anything else is known of them; columns as in `model.Orders`, called_off by a contact."""

    person: Ints
    counter: Ints
    day: Ints
    second: Ints
    value: Reals
    cause: Ints
    caused_by: Ints
    called_off: Flags


def bought_orders(stage: Stage) -> Bought:
    """Gather the orders of a chunk before `scene.until`: those of the own will that remain, and those caused."""
    scene, own = stage.scene, stage.own
    keep = ~stage.removed & (own.day < scene.until)
    person, counter, day = own.person[keep], own.counter[keep], own.day[keep]
    second = own_seconds(scene, person, counter, day)
    if scene.profile.buying.hour_follows_process:
        second = np.floor(own.share[keep] * (_LAST_SECOND + 1)).astype(np.int64)
    cause, by = np.zeros(len(person), dtype=np.int64), np.full(len(person), -1, dtype=np.int64)
    off, caused = stage.cancelled[keep], caused_columns(stage)
    if caused:
        mine = (person, counter, day, second, cause, by)
        names = ("person", "counter", "day", "second", "cause", "campaign")
        person, counter, day, second, cause, by = (
            np.concatenate([column, caused[name].astype(np.int64)]) for column, name in zip(mine, names, strict=True)
        )
        off = np.concatenate([off, np.zeros(len(caused["day"]), dtype=bool)])
    order = person * ORDERS_A_PERSON + counter
    spend = scene.chance.gamma(scene.profile.buying.spend_shape, "order.value", order)
    return Bought(person, counter, day, second, spend / scene.persons.spend_rate[person], cause, by, off)


def taken(bought: Bought, rows: Ints) -> Bought:
    """Take rows of orders."""
    return Bought._make(column[rows] for column in bought)


def finish_orders(scene: Scene, records: Records, bought: Bought) -> Orders:
    """Give orders all that does not depend on their lines, by person and instant; no coupon yet."""
    at = instants(scene.market, bought.day, bought.second)
    order = bought.person * ORDERS_A_PERSON + bought.counter
    sort = np.lexsort((order, at, bought.person))
    bought, at, order = taken(bought, sort), at[sort], order[sort]
    person = bought.person
    channel, record = _ways(scene, records, person, order, at)
    known = np.maximum(record, 0)
    country = scene.persons.country[person].astype(np.int64)
    currencies = [CURRENCIES.index(c.currency) for c in scene.profile.population.countries.values()]
    care = care_for(scene, order, bought.day)
    called_off = scene.chance.flag(scene.profile.orders.cancelled_share, "order.cancelled", order)
    store, partner, agent = _places(scene, person, order, channel)
    return Orders(
        order=order,
        person=person,
        counter=bought.counter,
        ref=pc.binary_join_element_wise("O", pa.array(scramble(order, 17, _ORDER_BITS)).cast(pa.string()), ""),
        day=bought.day.astype(np.int32),
        at=at,
        channel=channel.astype(np.int16),
        system=np.where(record >= 0, records.system[known], SYSTEM["pos"]).astype(np.int16),
        record=np.where(record >= 0, records.record[known], -1),
        store=store,
        partner=partner,
        agent=agent,
        currency=np.array(currencies, dtype=np.int16)[country],
        value_home=bought.value,
        paid_home=bought.value.copy(),
        campaign=np.full(len(person), -1, dtype=np.int16),
        caused_by=bought.caused_by.astype(np.int16),
        cause=bought.cause.astype(np.int16),
        is_cancelled=bought.called_off | called_off,
        has_case=care.has_case,
        case_reply_hours=care.reply_hours,
        case_solve_hours=care.solve_hours,
        satisfaction=care.satisfaction,
    )


def _places(scene: Scene, person: Ints, order: Ints, channel: Ints) -> tuple[Codes, Codes, Codes]:
    """Choose store, partner and agent of each order; -1 where the channel has none."""
    lot = scene.chance.integers(len(scene.places.partner_ref), "order.partner", person)
    own = scene.persons.source_partner[person]
    agent = scene.chance.integers(len(scene.places.agent_ref), "order.agent", order)
    chosen = {
        "store": _store(scene, person, order),
        "partner": np.where(own >= 0, own, lot),
        "call_centre": agent,
    }
    codes = [np.where(channel == CHANNEL[name], code, -1).astype(np.int16) for name, code in chosen.items()]
    return codes[0], codes[1], codes[2]


def redeem(scene: Scene, orders: Orders, person: Ints, at: Ints, campaign: Ints) -> Orders:
    """Let orders in a contact's window redeem its offer, whoever caused them.

    Args:
        scene: the world.
        orders: orders without coupons.
        person: contacted persons (controls left out), sorted with `at`.
        at: instant of each contact.
        campaign: campaign of each contact.
    """
    if len(person) == 0:
        return orders
    lowest = int(person[0])
    seen, bought = (person - lowest) * _SPAN + at, (orders.person - lowest) * _SPAN + orders.at
    place = np.searchsorted(seen, bought, side="left") - 1
    last = np.maximum(place, 0)
    window = scene.profile.contacts.window_days * 86_400
    inside = (place >= 0) & (person[last] == orders.person) & (orders.at - at[last] <= window)
    code = np.where(orders.caused_by >= 0, orders.caused_by, np.where(inside, campaign[last], -1)).astype(np.int64)
    has_coupon = np.asarray(pc.is_valid(scene.campaigns.coupon_code))[np.maximum(code, 0)] & (code >= 0)
    wants = scene.chance.flag(scene.profile.contacts.redeem_share, "order.redeems", orders.order)
    wants &= has_coupon & (orders.cause != CAUSE["sequence"])
    cut = np.where(wants, offer_cost(scene, np.maximum(code, 0), orders.value_home), 0.0)
    priced = np.asarray([kind in (0, 1) for kind in scene.campaigns.offer])[np.maximum(code, 0)]
    paid = orders.value_home - np.where(priced, cut, 0.0)
    return replace(orders, campaign=np.where(wants, code, -1).astype(np.int16), paid_home=paid)


def own_seconds(scene: Scene, person: Ints, counter: Ints, day: Ints) -> Ints:
    """Draw the hour around the person's own; an order on the day of arrival comes with or after it."""
    noise = scene.profile.buying.hour_noise * scene.chance.normal("order.hour", person, counter)
    second = (np.mod(scene.persons.hour_peak[person] + noise, 24.0) * 3600).astype(np.int64)
    arrived = scene.persons.arrived_second[person].astype(np.int64)
    on_arrival = (day == scene.persons.arrived[person]) & (second < arrived + 60 * (counter + 1))
    second = np.where(on_arrival, arrived + 60 * (counter + 1), second)
    return np.asarray(np.minimum(second, _LAST_SECOND))


def _ways(scene: Scene, records: Records, person: Ints, order: Ints, at: Ints) -> tuple[Ints, Ints]:
    """Choose the channel and the record: the person's in the channel's own system, else his first.

    Nobody orders by an app that he does not have; a share of store orders leaves no reference at all.
    """
    names = list(scene.profile.orders.channels)
    drawn = scene.chance.pick_by_row(scene.persons.order_channel[person].astype(np.float64), "order.channel", order)
    channel = np.array([CHANNEL[name] for name in names])[drawn]
    found = {name: _record_in(records, person, at, SYSTEM[name]) for name in ("webshop", "app", "pos", "crm")}
    channel = np.where((channel == CHANNEL["app"]) & (found["app"] < 0), CHANNEL["web"], channel)
    record = np.searchsorted(records.person, person, side="left").astype(np.int64)
    for name in names:
        own = found[_HOME_SYSTEM[name]]
        record = np.where((channel == CHANNEL[name]) & (own >= 0), own, record)
    hidden = (channel == CHANNEL["store"]) & scene.chance.flag(
        scene.profile.orders.anonymous_share, "order.anonymous", order
    )
    return channel, np.where(hidden, -1, record)


def _record_in(records: Records, person: Ints, at: Ints, system: int) -> Ints:
    """Find each person's first record in a system that exists at the instant; -1 if there is none."""
    rows = np.flatnonzero(records.system == system)
    if len(rows) == 0:
        return np.full(len(person), -1, dtype=np.int64)
    place = np.searchsorted(records.person[rows], person, side="left")
    found = rows[np.minimum(place, len(rows) - 1)]
    fits = (place < len(rows)) & (records.person[found] == person) & (records.since_at[found] <= at)
    return np.asarray(np.where(fits, found, -1))


def _store(scene: Scene, person: Ints, order: Ints) -> Ints:
    """Choose the store: in the person's city if there is one, else in his country, else any."""
    places, persons = scene.places, scene.persons
    count = len(places.store_ref)
    lot = scene.chance.uniform("order.store", order)
    near = places.store_city[None, :] == np.arange(int(persons.city.max(initial=0)) + 1)[:, None]
    land = places.store_country[None, :] == np.arange(len(scene.profile.population.countries))[:, None]
    rows = np.arange(count)
    anywhere = (lot * count).astype(np.int64)
    store = _nth(land, persons.country[person], lot, rows, anywhere)
    return _nth(near, persons.city[person], lot, rows, store)


def _nth(open_: Flags, group: NDArray[np.int16], lot: Reals, rows: Ints, otherwise: Ints) -> Ints:
    """Choose by lot one of the stores open to a group."""
    counts = open_.sum(axis=1)
    table = np.zeros(open_.shape, dtype=np.int64)
    for number, mask in enumerate(open_):
        table[number, : counts[number]] = rows[mask]
    size = counts[group]
    chosen = table[group, (lot * np.maximum(size, 1)).astype(np.int64)]
    return np.asarray(np.where(size > 0, chosen, otherwise))
