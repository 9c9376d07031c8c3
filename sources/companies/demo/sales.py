"""Leads, and the opportunities of organisations: the feeds `leads` and `opportunity_stages`.

Belongs here: what goes on before somebody is a customer, and before a large order. Does not belong here: the orders.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.companies.demo import names
from sources.companies.demo.accounts import given_and_family
from sources.companies.demo.codes import CHANNEL, CHANNELS, SYSTEM, SYSTEMS, Flags, Ints, Reals
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.model import Life
from sources.companies.demo.moments import day_of, daytime, instant
from sources.companies.demo.purchases import look_ahead
from sources.companies.demo.records import RECORDS_A_PERSON
from sources.companies.demo.rows import DAY_SECONDS, grow, hex_refs, label, rows_of_records, take_or_null
from sources.companies.demo.scene import Parts, Scene

_LEAD_SOURCES = CHANNEL["web"], CHANNEL["advertising"], CHANNEL["partner"]
_CRM = SYSTEM["crm"]
_WON, _LOST = 0, 1


@dataclass(frozen=True)
class _Steps:
    """Steps of sales, one row a stage entered.

    Attributes:
        key: won or lost, and number (columns); they name the sale for ever. person, stage (name), at.
        amount: home currency. order: row in Orders, -1 none.
    """

    key: Ints
    person: Ints
    stage: NDArray[np.object_]
    at: Ints
    amount: Reals
    order: Ints

    def take(self, rows: Ints) -> _Steps:
        """Give some of the steps."""
        return _Steps(*(getattr(self, column.name)[rows] for column in fields(self)))


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
    truth = pa.table({"lead_ref": refs, "person_id": pa.array(number, mask=~converts), "_day": day_of(scene, at)})
    return Parts({"leads": [table]}, {"lead": [truth]})


def _interests(scene: Scene, number: Ints, categories: list[str]) -> pa.Array:
    """Give one or two categories that the person likes."""
    liked = np.argsort(-scene.persons.taste[number], axis=1, kind="stable")[:, :2].astype(np.int64)
    counts = 1 + scene.chance.integers(2, "lead.interests", number)
    row, place = grow(np.minimum(counts, liked.shape[1]))
    offsets = np.r_[0, np.cumsum(np.minimum(counts, liked.shape[1]))].astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(categories).take(pa.array(liked[row, place])))


def _won(scene: Scene, life: Life) -> Parts:
    """Lead up to what organisations wish to buy through all stages; the last is entered when the order is placed."""
    wishes, chance, section = life.wishes, scene.chance, scene.profile.sales
    large = scene.persons.is_organisation[wishes.person] & chance.flag(section.won_share, "sale.won", wishes.order)
    rows = np.flatnonzero(large)
    steps = len(section.stages)
    row, stage = np.repeat(rows, steps), np.tile(np.arange(steps), len(rows))
    number = wishes.order[row]
    wait = section.stage_days * DAY_SECONDS * chance.exponential("sale.won.wait", number, stage)
    waits = (np.where(stage == steps - 1, 0, wait).astype(np.int64) + 60).reshape(-1, steps)
    before = np.cumsum(waits[:, ::-1], axis=1)[:, ::-1].ravel() - 60
    is_last = stage == steps - 1
    placed = _orders_of(life, number)
    wished = instant(scene, wishes.day[row], wishes.share[row] * DAY_SECONDS)
    at = wished - before
    ends = is_last & (placed >= 0)
    at[ends] = life.orders.at[placed[ends]]
    sooner = np.full(len(row), np.iinfo(np.int64).max)  # an order that a campaign brought forward ends the sale
    sooner[placed >= 0] = life.orders.at[placed[placed >= 0]]
    happens = np.where(is_last, ends, at < sooner) & (is_last | (before < (look_ahead(scene) - 1) * DAY_SECONDS))
    guess = np.exp(0.25 * (steps - 1 - stage) / steps * chance.normal("sale.won.guess", number, stage))
    named = np.stack([np.full(len(row), _WON), number], axis=1)
    stage_name = np.array([*section.stages], dtype=object)[stage]
    amount = np.round(wishes.value_home[row] * guess, 2)
    entered = _Steps(named, wishes.person[row], stage_name, at, amount, np.where(is_last, placed, -1))
    return _stages(scene, life, entered.take(np.flatnonzero(happens)))


def _orders_of(life: Life, number: Ints) -> Ints:
    """Find the rows of orders by their numbers; -1 for one that was never placed or was called off."""
    order = np.argsort(life.orders.order, kind="stable")
    place = np.minimum(np.searchsorted(life.orders.order, number, sorter=order), max(len(order) - 1, 0))
    if len(order) == 0:
        return np.full(len(number), -1, dtype=np.int64)
    row = order[place]
    return np.where((life.orders.order[row] == number) & ~life.orders.is_cancelled[row], row, -1)


def _lost(scene: Scene, life: Life) -> Parts:
    """Let opportunities of organisations come to nothing, at some stage."""
    wishes, chance, section = life.wishes, scene.chance, scene.profile.sales
    base = np.flatnonzero(scene.persons.is_organisation[wishes.person])
    count = chance.poisson(section.won_share * section.lost_per_won, "sale.lost", wishes.order[base])
    parent, place = grow(count)
    rows = base[parent]
    key = wishes.order[rows] * 16 + place
    begin = instant(scene, wishes.day[rows], wishes.share[rows] * DAY_SECONDS)
    begin = begin + (60 * DAY_SECONDS * chance.uniform("sale.lost.begin", key)).astype(np.int64)
    reached = np.zeros(len(rows), dtype=np.int64)
    going = np.ones(len(rows), dtype=np.bool_)
    for stage, share in enumerate(section.reach):
        going &= chance.flag(share, "sale.lost.reach", key, stage)
        reached += going
    sale, step = grow(reached + 2)
    waits = section.stage_days * DAY_SECONDS * chance.exponential("sale.lost.wait", key[sale], step)
    at = begin[sale] + _waited(waits.astype(np.int64) + 60, step)
    names_of_stages = np.array([*section.stages, section.lost_stage], dtype=object)
    stage_name = names_of_stages[np.where(step == reached[sale] + 1, len(section.stages), step)]
    amount = np.round(wishes.value_home[rows][sale] * np.exp(0.4 * chance.normal("sale.lost.amount", key))[sale], 2)
    named = np.stack([np.full(len(sale), _LOST), key[sale]], axis=1)
    nothing = np.full(len(sale), -1)
    return _stages(scene, life, _Steps(named, wishes.person[rows][sale], stage_name, at, amount, nothing))


def _waited(waits: Ints, step: Ints) -> Ints:
    """Add up the waits before each step of a sale; step 0 has waited for nothing."""
    total = np.cumsum(waits)
    first = np.arange(len(step)) - step
    return np.asarray(total - waits - (total - waits)[first])


def _stages(scene: Scene, life: Life, steps: _Steps) -> Parts:
    """Write the stages that lie in the time played, of organisations that are on file or were leads."""
    key, person = steps.key, steps.person
    day = day_of(scene, steps.at)
    refs = hex_refs("O", scene.chance.bits("sale.ref", key[:, 0], key[:, 1]))
    agent = scene.chance.integers(len(scene.places.agent_ref), "sale.agent", key[:, 0], key[:, 1])
    first = rows_of_records(life.records, person * RECORDS_A_PERSON)
    system = life.records.system[first]
    on_file = life.records.since_at[first] <= steps.at
    led = was_lead(scene, person) & (system == _CRM)
    same = np.zeros(len(person), dtype=np.bool_)
    ordered = np.flatnonzero(steps.order >= 0)
    same[ordered] = life.orders.system[steps.order[ordered]] == system[ordered]
    table = feed_table(
        "opportunity_stages",
        day,
        source_system=label(SYSTEMS, system),
        opportunity_ref=refs,
        stage=steps.stage,
        entered_at=steps.at,
        lead_ref=take_or_null(lead_refs(scene, person), np.arange(len(person)), led),
        customer_ref=take_or_null(life.records.ref, first, on_file),
        amount=steps.amount,
        currency=pa.repeat(scene.profile.home_currency, len(person)),
        agent_ref=take_or_null(scene.places.agent_ref, agent),
        order_ref=take_or_null(life.orders.ref, steps.order, same),
    )
    rows = pa.array(np.flatnonzero((day < scene.until) & (day >= 0) & (on_file | led)))
    truth = pa.table({"opportunity_ref": refs, "person_id": person, "_day": day}).take(rows)
    return Parts({"opportunity_stages": [table.take(rows)]}, {"opportunity": [truth]})
