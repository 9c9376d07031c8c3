"""What is true of the world, as tables that no pipeline may read.

Belongs here: the content of `truth/*.parquet` that the core knows. Does not belong here: planted faults (`dirt`).

| table | one row is |
|---|---|
| person | a person: identity, household, planted kinship, latent parameters, when he left |
| person_record | a record: whose it is, and which errors it carries |
| order | an order: what caused it |
| campaign_contact | a contact or control of a campaign: its effect, what came of it |
| effect | a planned campaign x person x channel: effect and expected profit of a first contact, at the best hour |
| campaign, pair, sequence | what was planted; a pair has the larger of lift and natural_lift |
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sources.companies.demo import effect, names
from sources.companies.demo.as_of import timeline
from sources.companies.demo.baskets import Shelf
from sources.companies.demo.codes import ASSIGNMENTS, CAUSES, CHANNELS, NEVER, OBJECTIVES, OFFERS, SYSTEMS, Ints
from sources.companies.demo.model import Life
from sources.companies.demo.records import ERRORS
from sources.companies.demo.rows import label, take_or_null
from sources.companies.demo.scene import Scene


def chunk_truth(scene: Scene, life: Life, planted: dict[str, pa.Array]) -> dict[str, pa.Table]:
    """Make the truth tables of one chunk; persons who have not arrived by `scene.until` are left out."""
    return {
        "person": _persons(scene, life, planted),
        "person_record": _records(scene, life),
        "order": _orders(scene, life),
        "campaign_contact": _contacts(scene, life),
        "effect": _effects(scene, life),
    }


def world_truth(scene: Scene, shelf: Shelf) -> dict[str, pa.Table]:
    """Make the truth tables that are the same for every chunk."""
    campaigns, products, buying = scene.campaigns, scene.products, scene.profile.buying
    return {
        "campaign": pa.table(
            {
                "campaign_ref": campaigns.ref,
                "name": campaigns.name,
                "objective": label(OBJECTIVES, campaigns.objective),
                "offer_kind": label(OFFERS, campaigns.offer),
                "is_planned": campaigns.is_planned,
                "base_effect": campaigns.base_effect,
                "drift_per_28_days": campaigns.drift,
                "random_share": campaigns.random_share,
                "contact_share": campaigns.contact_share,
                "control_pct": campaigns.control_pct,
            }
        ),
        "pair": pa.table(
            {
                "first_product_ref": products.ref.take(pa.array([p.first for p in shelf.pairs], pa.int64())),
                "second_product_ref": products.ref.take(pa.array([p.second for p in shelf.pairs], pa.int64())),
                "lift": pa.array([p.lift for p in buying.pairs], pa.float64()),
                "natural_lift": pa.array([p.natural_lift for p in shelf.pairs], pa.float64()),
                "chance_added": pa.array([p.chance for p in shelf.pairs], pa.float64()),
            }
        ),
        "sequence": pa.table(
            {
                "first_product_ref": products.ref.take(pa.array([a for a, _ in shelf.sequences], pa.int64())),
                "then_product_ref": products.ref.take(pa.array([b for _, b in shelf.sequences], pa.int64())),
                "probability": pa.array([s.probability for s in buying.sequences], pa.float64()),
                "mean_days": pa.array([s.days for s in buying.sequences], pa.float64()),
                "days_spread": pa.array([s.days_spread for s in buying.sequences], pa.float64()),
            }
        ),
    }


def _persons(scene: Scene, life: Life, planted: dict[str, pa.Array]) -> pa.Table:
    persons, section = scene.persons, scene.profile.buying
    person = np.arange(life.lo, life.hi)
    person = person[persons.arrived[person] < scene.until]
    rows, left = pa.array(person), life.left[person - life.lo]
    married = np.where(persons.married_on[person] < scene.until, persons.family_after_marriage[person], -1)
    return pa.table(
        {
            "person_id": person,
            "household_id": persons.household[person],
            "is_organisation": persons.is_organisation[person],
            "given_name": names.given().words.take(pa.array(persons.given[person])),
            "family_name": names.family().words.take(pa.array(persons.family[person])),
            "married_name": take_or_null(names.family().words, married),
            "birth_date": pa.array(persons.birth[person]).cast(pa.date32()),
            "sex": label(("female", "male"), persons.sex[person]),
            "country": label(list(scene.profile.population.countries), persons.country[person]),
            "arrived_day": persons.arrived[person],
            "source": label(CHANNELS, persons.source[person]),
            "referrer_person_id": pa.array(persons.source_referrer[person], mask=persons.source_referrer[person] < 0),
            "is_twin": planted["is_twin"].take(rows),
            "is_namesake_son": planted["is_heir"].take(rows),
            "namesake_of_person_id": planted["namesake_of"].take(rows),
            "archetype": label(list(section.archetypes), persons.archetype[person]),
            "rate_per_week": persons.rate[person],
            "dropout": persons.dropout[person],
            "spend_rate": persons.spend_rate[person],
            "mean_order_value": effect.mean_value(scene, person),
            "margin_share": effect.margin_share(scene, person),
            "taste": pa.FixedSizeListArray.from_arrays(pa.array(persons.taste[person].ravel()), persons.taste.shape[1]),
            "hour_peak": persons.hour_peak[person],
            "contact_response": persons.contact_response[person],
            "contact_fatigue": persons.contact_fatigue[person],
            "left_day": pa.array(left, mask=left >= min(NEVER, scene.until)),
            "is_active": left >= scene.until,
            "satisfaction": life.satisfaction[person - life.lo],
            "_day": persons.arrived[person],
            "_from_married_name": persons.married_on[person],
            "_from_left_day": left,
            "_from_is_active": left,
            "_before_is_active": np.ones(len(person), dtype=np.bool_),
            "_before_satisfaction": np.full(len(person), scene.profile.aftercare.satisfaction_mean),
            **_contentment(life, person),
        }
    )


def _contentment(life: Life, person: Ints) -> dict[str, pa.Array]:
    """Give how content each person was after each of his orders."""
    orders = life.orders
    row = np.searchsorted(person, orders.person)  # who has ordered has arrived
    return timeline("satisfaction", row, orders.day, orders.satisfaction, len(person))


def _records(scene: Scene, life: Life) -> pa.Table:
    records = life.records
    keep = records.since < scene.until
    flags = {f"has_{name}": (records.kinds >> bit & 1).astype(bool) for bit, name in enumerate(ERRORS)}
    columns = {
        "source_system": label(SYSTEMS, records.system),
        "customer_ref": records.ref,
        "person_id": records.person,
        "record_id": records.record,
        "since_day": records.since,
        "_day": records.since,
    }
    return pa.table(columns | flags).filter(pa.array(keep))


def _orders(scene: Scene, life: Life) -> pa.Table:
    orders = life.orders
    return pa.table(
        {
            "source_system": label(SYSTEMS, orders.system),
            "order_ref": orders.ref,
            "person_id": orders.person,
            "day": orders.day,
            "cause": label(CAUSES, orders.cause),
            "caused_by_campaign_ref": take_or_null(scene.campaigns.ref, orders.caused_by),
            "redeemed_campaign_ref": take_or_null(scene.campaigns.ref, orders.campaign),
            "value_home": orders.value_home,
            "paid_home": orders.paid_home,
            "is_cancelled": orders.is_cancelled,
            "satisfaction": orders.satisfaction,
            "_day": orders.day,
        }
    )


def _contacts(scene: Scene, life: Life) -> pa.Table:
    contacts = life.contacts
    ordered = np.full(len(contacts), NEVER, dtype=np.int64)
    ordered[contacts.outcome >= 0] = life.orders.day[contacts.outcome[contacts.outcome >= 0]]
    return pa.table(
        {
            "contact_ref": contacts.ref,
            "person_id": contacts.person,
            "campaign_ref": scene.campaigns.ref.take(pa.array(contacts.campaign)),
            "channel": label(CHANNELS, contacts.channel),
            "day": contacts.day,
            "is_control": contacts.is_control,
            "assignment": label(ASSIGNMENTS, contacts.assignment),
            "delta": contacts.delta,
            "caused_order_ref": take_or_null(life.orders.ref, contacts.outcome),
            "made_leave": contacts.made_leave,
            "_day": contacts.day,
            "_from_caused_order_ref": ordered,
        }
    )


def _effects(scene: Scene, life: Life) -> pa.Table:
    """List the effects of first contacts on the campaign's first day at the person's best hour, none within 28 days.

    Beyond `truth.effect_persons` a lot decides whose effects are listed; all others follow from the same columns of
    `person` and `campaign` by the formula in `effect`.
    """
    persons, campaigns = scene.persons, scene.campaigns
    share = min(1.0, scene.profile.truth.effect_persons / max(1, scene.profile.population.persons))
    person = np.arange(life.lo, life.hi)
    person = person[(persons.arrived[person] < scene.until) & scene.chance.flag(share, "truth.effect", person)]
    pairs = [(k, c) for k in np.flatnonzero(campaigns.is_planned) for c in np.flatnonzero(campaigns.channels[k])]
    code = np.repeat(np.array([k for k, _ in pairs], dtype=np.int64), len(person))
    channel = np.repeat(np.array([c for _, c in pairs], dtype=np.int64), len(person))
    who = np.tile(person, len(pairs))
    hour = persons.hour_peak[who] * 3600
    change = effect.delta(scene, who, code, channel, campaigns.starts[code], hour, 0)
    left = life.left[who - life.lo]
    worth = {
        name: effect.expected_profit(scene, who, code, channel, change, active)
        for name, active in (("", left >= scene.until), ("_before_", np.ones(len(who), dtype=np.bool_)))
    }
    return pa.table(
        {
            "person_id": who,
            "campaign_ref": campaigns.ref.take(pa.array(code)),
            "channel": label(CHANNELS, channel),
            "delta": change,
            "expected_profit": worth[""],
            "_day": persons.arrived[who],
            "_from_expected_profit": left,
            "_before_expected_profit": worth["_before_"],
        }
    )
