"""Leads, and the opportunities of organisations: the feeds `leads` and `opportunity_stages`.

Belongs here: what goes on before somebody is a customer, and before a large order. Does not belong here: the orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.companies.demo import names
from sources.companies.demo.accounts import given_and_family
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.model import CHANNEL, CHANNELS, CURRENCIES, SYSTEM, SYSTEMS, Codes, Flags, Ints, Life, Reals
from sources.companies.demo.moments import day_of, daytime, instant
from sources.companies.demo.rows import DAY_SECONDS, grow, hex_refs, label, record_at, rows_of_records, take_or_null
from sources.companies.demo.scene import Parts, Scene

_LEAD_SOURCES = CHANNEL["web"], CHANNEL["advertising"], CHANNEL["partner"]
_CRM = SYSTEM["crm"]
_WON, _LOST = 0, 1


@dataclass(frozen=True)
class _Steps:
    """Steps of sales, one row a stage entered: what names the sale for ever, whose it is, when, how much."""

    key: Ints
    person: Ints
    record: Ints
    stage: NDArray[np.object_]
    at: Ints
    amount: Reals
    currency: Ints | Codes
    order: Ints


def sales(scene: Scene, life: Life) -> Parts:
    """Make the leads and opportunity stages of one chunk, and the truth about who they are."""
    parts = Parts()
    parts.add(_leads(scene, life))
    parts.add(_won(scene, life))
    parts.add(_lost(scene, life))
    return parts


def was_lead(scene: Scene, person: Ints) -> Flags:
    """Tell which persons were leads before they became customers within the world."""
    persons = scene.persons
    came = np.isin(persons.source[person], _LEAD_SOURCES) & (persons.arrived[person] >= 0)
    return came & scene.chance.flag(scene.profile.sales.lead_share, "lead", person)


def lead_refs(scene: Scene, person: Ints) -> pa.Array:
    """Give the lead reference of persons who were leads."""
    return hex_refs("P", scene.chance.bits("lead.ref", person, 0))


def _leads(scene: Scene, life: Life) -> Parts:
    """Give those who become customers, and for some persons' numbers a stranger who never does."""
    chance, persons, section = scene.chance, scene.persons, scene.profile.sales
    everyone = np.arange(life.lo, life.hi)
    own = everyone[was_lead(scene, everyone)]
    strange = everyone[chance.flag(section.strangers_per_person, "lead.stranger", everyone)]
    arrived = instant(scene, persons.arrived[own], persons.arrived_second[own])
    before = (section.lead_days * DAY_SECONDS * chance.exponential("lead.before", own)).astype(np.int64) + 60
    day = chance.integers(scene.profile.horizon, "lead.stranger.day", strange)
    at = np.r_[arrived - before, instant(scene, day, daytime(scene, "lead.stranger", strange))]
    number = np.r_[own, strange]
    converts = np.arange(len(number)) < len(own)
    played = np.flatnonzero((day_of(scene, at) < scene.until) & (day_of(scene, at) >= 0))
    return _lead_rows(scene, number[played], converts[played], at[played])


def _lead_rows(scene: Scene, number: Ints, converts: Flags, at: Ints) -> Parts:
    chance, persons, places = scene.chance, scene.persons, scene.places
    categories = list(scene.profile.catalogue.categories)
    account = np.where(converts, number, number + len(persons))
    given, family = given_and_family(scene, account)
    full = pc.binary_join_element_wise(
        names.given().words.take(pa.array(given)), names.family().words.take(pa.array(family)), " "
    )
    business = converts & persons.is_organisation[number]
    drawn = np.array(_LEAD_SOURCES)[chance.integers(len(_LEAD_SOURCES), "lead.source", number)]
    source = np.where(converts, persons.source[number], drawn)
    partner = np.where(
        converts, persons.source_partner[number], chance.integers(len(places.partner_ref), "lead.partner", number)
    )
    refs = hex_refs("P", chance.bits("lead.ref", number, (~converts).astype(np.int64)))
    mail = pc.binary_join_element_wise(
        hex_refs("lead.", chance.bits("lead.mail", number)), pa.scalar("mail.example"), "@"
    )
    by_phone = chance.flag(0.4, "lead.phone", number)
    table = feed_table(
        "leads",
        day_of(scene, at),
        source_system=pa.repeat("crm", len(number)),
        lead_ref=refs,
        updated_at=at,
        full_name=full,
        organisation_name=take_or_null(persons.organisation_name, number, business),
        email=pc.if_else(pa.array(converts), persons.email.take(pa.array(number)), mail),
        phone=take_or_null(persons.phone, number, converts & by_phone),
        country=label(list(scene.profile.population.countries), persons.country[number]),
        source_channel=label(CHANNELS, source),
        campaign_ref=take_or_null(scene.campaigns.ref, np.where(converts, persons.source_campaign[number], -1)),
        partner_ref=take_or_null(places.partner_ref, np.where(source == CHANNEL["partner"], partner, -1)),
        created_at=at,
        interests=_interests(scene, number, categories),
        attributes=label(
            ('{"form": "newsletter"}', '{"form": "catalogue"}', '{"form": "contact"}'),
            chance.integers(3, "lead.form", number),
        ),
    )
    truth = pa.table({"lead_ref": refs, "person": pa.array(number, mask=~converts)})
    return Parts({"leads": [table]}, {"lead": [truth]})


def _interests(scene: Scene, number: Ints, categories: list[str]) -> pa.Array:
    """Give one or two categories that the person likes."""
    liked = np.argsort(-scene.persons.taste[number], axis=1, kind="stable")[:, :2].astype(np.int64)
    counts = 1 + scene.chance.integers(2, "lead.interests", number)
    row, place = grow(np.minimum(counts, liked.shape[1]))
    offsets = np.r_[0, np.cumsum(np.minimum(counts, liked.shape[1]))].astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(categories).take(pa.array(liked[row, place])))


def _won(scene: Scene, life: Life) -> Parts:
    """Lead up to some orders of organisations through all stages; the last is entered with the order."""
    orders, chance, section = life.orders, scene.chance, scene.profile.sales
    counts = scene.persons.is_organisation[orders.person] & (orders.record >= 0) & ~orders.is_cancelled
    rows = np.flatnonzero(counts & chance.flag(section.won_share, "sale.won", orders.order))
    steps = len(section.stages)
    row, stage = np.repeat(rows, steps), np.tile(np.arange(steps), len(rows))
    wait = section.stage_days * DAY_SECONDS * chance.exponential("sale.won.wait", orders.order[row], stage)
    waits = (np.where(stage == steps - 1, 0, wait).astype(np.int64) + 60).reshape(-1, steps)
    until_won = np.cumsum(waits[:, ::-1], axis=1)[:, ::-1].ravel() - 60
    record = rows_of_records(life.records, orders.record[row])
    worth = orders.paid_home[row] / scene.market.fx[orders.day[row] - scene.market.first_day, orders.currency[row]]
    guess = np.exp(0.25 * (steps - 1 - stage) / steps * chance.normal("sale.won.guess", orders.order[row], stage))
    key = np.stack([np.full(len(row), _WON), orders.order[row]], axis=1)
    names_of_stages = np.array([*section.stages], dtype=object)
    sold = _Steps(
        key, orders.person[row], record, names_of_stages[stage], orders.at[row] - until_won,
        np.round(worth * guess, 2), orders.currency[row], np.where(stage == steps - 1, row, -1),
    )  # fmt: skip
    return _stages(scene, life, sold)


def _lost(scene: Scene, life: Life) -> Parts:
    """Let opportunities of organisations come to nothing, at some stage."""
    orders, chance, section = life.orders, scene.chance, scene.profile.sales
    base = np.flatnonzero(scene.persons.is_organisation[orders.person])
    count = chance.poisson(section.won_share * section.lost_per_won, "sale.lost", orders.order[base])
    parent, place = grow(count)
    rows = base[parent]
    key = orders.order[rows] * 16 + place
    begin = orders.at[rows] + (60 * DAY_SECONDS * chance.uniform("sale.lost.begin", key)).astype(np.int64)
    reached = np.zeros(len(rows), dtype=np.int64)
    going = np.ones(len(rows), dtype=np.bool_)
    for stage, share in enumerate(section.reach):
        going &= chance.flag(share, "sale.lost.reach", key, stage)
        reached += going
    sale, step = grow(reached + 2)
    waits = section.stage_days * DAY_SECONDS * chance.exponential("sale.lost.wait", key[sale], step)
    at = begin[sale] + _waited(waits.astype(np.int64) + 60, step)
    person = orders.person[rows][sale]
    record = record_at(life.records, person, begin[sale], tuple(range(len(SYSTEMS))))
    names_of_stages = np.array([*section.stages, section.lost_stage], dtype=object)
    stage_name = names_of_stages[np.where(step == reached[sale] + 1, len(section.stages), step)]
    amount = np.round(orders.value_home[rows][sale] * np.exp(0.4 * chance.normal("sale.lost.amount", key))[sale], 2)
    home = np.full(len(sale), CURRENCIES.index(scene.profile.home_currency))
    named = np.stack([np.full(len(sale), _LOST), key[sale]], axis=1)
    nothing = np.full(len(sale), -1)
    return _stages(scene, life, _Steps(named, person, record, stage_name, at, amount, home, nothing))


def _waited(waits: Ints, step: Ints) -> Ints:
    """Add up the waits before each step of a sale; step 0 has waited for nothing."""
    total = np.cumsum(waits)
    first = np.arange(len(step)) - step
    return np.asarray(total - waits - (total - waits)[first])


def _stages(scene: Scene, life: Life, steps: _Steps) -> Parts:
    """Write the stages that lie in the time played, of organisations that are on file."""
    key, person, record = steps.key, steps.person, steps.record
    day = day_of(scene, steps.at)
    refs = hex_refs("O", scene.chance.bits("sale.ref", key[:, 0], key[:, 1]))
    agent = scene.chance.integers(len(scene.places.agent_ref), "sale.agent", key[:, 0], key[:, 1])
    known = record >= 0
    system = np.where(known, life.records.system[np.maximum(record, 0)], _CRM)
    lead = take_or_null(lead_refs(scene, person), np.arange(len(person)), was_lead(scene, person) & (system == _CRM))
    table = feed_table(
        "opportunity_stages",
        day,
        source_system=label(SYSTEMS, system),
        opportunity_ref=refs,
        stage=steps.stage,
        entered_at=steps.at,
        lead_ref=lead,
        customer_ref=take_or_null(life.records.ref, record),
        amount=steps.amount,
        currency=label(CURRENCIES, steps.currency),
        agent_ref=take_or_null(scene.places.agent_ref, agent),
        order_ref=take_or_null(life.orders.ref, steps.order),
    )
    rows = pa.array(np.flatnonzero((day < scene.until) & (day >= 0) & known))
    truth = pa.table({"opportunity_ref": refs, "person": person}).take(rows)
    return Parts({"opportunity_stages": [table.take(rows)]}, {"opportunity": [truth]})
