"""Contacts that neither a campaign nor a case explains: questions, talks, letters, calls that end in an order.

Belongs here: rows of the feed `contacts`. Does not belong here: contacts of campaigns (the core) and
of cases (`service`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sources.companies.demo.callers import callers
from sources.companies.demo.codes import CHANNEL, CHANNELS, Flags, Ints
from sources.companies.demo.feed_shapes import DAY, feed_table
from sources.companies.demo.model import Life
from sources.companies.demo.moments import day_of, moments
from sources.companies.demo.profile_life import TouchpointKind
from sources.companies.demo.rows import hex_refs, label, rows_of_records, take_or_null
from sources.companies.demo.scene import Parts, Scene


def touchpoints(scene: Scene, life: Life) -> Parts:
    """Make the contacts of one chunk, and the truth about who got in touch."""
    kinds = scene.profile.touchpoints.kinds
    made = [_of_kind(scene, life, name, kind) for name, kind in kinds.items()]
    made += [_phone_orders(scene, life), _store_talks(scene, life), _partner_orders(scene, life)]
    made = [(table, person) for table, person in made if table.num_rows]
    if not made:
        return Parts()
    truth = [
        pa.table({"contact_ref": table.column("contact_ref"), "person_id": person, "_day": table.column(DAY)})
        for table, person in made
    ]
    return Parts({"contacts": [table for table, _ in made]}, {"contact": truth})


def _of_kind(scene: Scene, life: Life, name: str, kind: TouchpointKind) -> tuple[pa.Table, Ints]:
    """Draw one of the profile's kinds: who, when, how long, with which outcome."""
    chance, purpose = scene.chance, f"touch.{name}"
    business = scene.persons.is_organisation[life.lo : life.hi]
    rate = kind.per_year * np.where(business, kind.organisation_factor, 1.0)
    person, number, at = moments(scene, life, rate, purpose)
    known = chance.flag(kind.known_share, f"{purpose}.known", person, number)
    seen = callers(scene, life, person, at, np.full(len(person), CHANNEL[kind.channel], dtype=np.int16), known)
    outcome = chance.pick(list(kind.outcomes.values()), f"{purpose}.outcome", person, number)
    minutes = kind.minutes * chance.exponential(f"{purpose}.minutes", person, number)
    ends = at + np.maximum(minutes * 60, 20).astype(np.int64)
    spoken = np.full(len(person), kind.minutes > 0)
    by_partner = kind.channel == "partner"
    partners, agents = scene.places.partner_ref, scene.places.agent_ref
    helper = chance.integers(len(partners) if by_partner else len(agents), f"{purpose}.helper", person, number)
    table = feed_table(
        "contacts",
        day_of(scene, at),
        contact_ref=hex_refs("c", chance.bits(purpose, person, number)),
        source_system=seen.source_system,
        customer_ref=seen.customer_ref,
        email=seen.email,
        phone=seen.phone,
        handle=seen.handle,
        channel=pa.repeat(kind.channel, len(person)),
        direction=pa.repeat(kind.direction, len(person)),
        purpose=pa.repeat(kind.purpose, len(person)),
        occurred_at=at,
        ended_at=pa.array(ends, mask=~spoken),
        agent_ref=None if by_partner else take_or_null(agents, helper),
        partner_ref=take_or_null(partners, helper) if by_partner else None,
        outcome=label(list(kind.outcomes), outcome),
        cost=np.full(len(person), kind.cost),
        currency=pa.repeat(scene.profile.home_currency, len(person)),
    )
    return table, person


def _phone_orders(scene: Scene, life: Life) -> tuple[pa.Table, Ints]:
    """Give the call in which each order of the call centre was taken; it ends with the order."""
    rows = np.flatnonzero(life.orders.channel == CHANNEL["call_centre"])
    minutes = scene.profile.touchpoints.phone_order_minutes
    length = minutes * 60 * scene.chance.exponential("touch.phone_order", life.orders.order[rows])
    return _with_order(scene, life, rows, "call_centre", np.maximum(length, 60).astype(np.int64))


def _store_talks(scene: Scene, life: Life) -> tuple[pa.Table, Ints]:
    """Give the talks in a store that someone noted; of anonymous buyers there are none."""
    talked = scene.chance.flag(scene.profile.touchpoints.store_talk_share, "touch.store", life.orders.order)
    rows = np.flatnonzero((life.orders.channel == CHANNEL["store"]) & (life.orders.record >= 0) & talked)
    length = 300 + 600 * scene.chance.uniform("touch.store.length", life.orders.order[rows])
    return _with_order(scene, life, rows, "face_to_face", length.astype(np.int64))


def _partner_orders(scene: Scene, life: Life) -> tuple[pa.Table, Ints]:
    """Give the talk with a broker in which each order through a partner was placed."""
    rows = np.flatnonzero(life.orders.channel == CHANNEL["partner"])
    length = 600 + 1800 * scene.chance.uniform("touch.partner.length", life.orders.order[rows])
    return _with_order(scene, life, rows, "partner", length.astype(np.int64))


def _with_order(scene: Scene, life: Life, rows: Ints, channel: str, length: Ints) -> tuple[pa.Table, Ints]:
    """Make the contact that ends with an order; what it costs is the time of the agent."""
    orders = life.orders
    begin = orders.at[rows] - length
    record = rows_of_records(life.records, orders.record[rows])
    known: Flags = record >= 0
    seen = callers(
        scene, life, orders.person[rows], begin, np.full(len(rows), CHANNEL[channel], dtype=np.int16), known, record
    )
    cost = np.round(length / 60 * scene.profile.service.call_cost, 2) * (channel == "call_centre")
    table = feed_table(
        "contacts",
        day_of(scene, orders.at[rows]),
        contact_ref=hex_refs("c", scene.chance.bits("touch.order", orders.order[rows], CHANNEL[channel])),
        source_system=seen.source_system,
        customer_ref=seen.customer_ref,
        email=seen.email,
        phone=seen.phone,
        handle=seen.handle,
        channel=pa.repeat(CHANNELS[CHANNEL[channel]], len(rows)),
        direction=pa.repeat("inbound", len(rows)),
        purpose=pa.repeat("order", len(rows)),
        occurred_at=begin,
        ended_at=orders.at[rows],
        agent_ref=take_or_null(scene.places.agent_ref, orders.agent[rows]),
        partner_ref=take_or_null(scene.places.partner_ref, orders.partner[rows]),
        outcome=pa.repeat("ordered", len(rows)),
        cost=cost,
        currency=pa.repeat(scene.profile.home_currency, len(rows)),
    )
    return table, orders.person[rows]
