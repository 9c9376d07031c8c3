"""Rows of the company's own lists: products, campaigns with their channels, partners, agents, stores.

Belongs here: feed rows that need no customer. Does not belong here: how the lists were drawn (`catalogue`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sources.companies.demo import names
from sources.companies.demo.codes import CHANNELS, OBJECTIVES, OFFERS
from sources.companies.demo.externals import day_number
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.market import instants
from sources.companies.demo.registry import POSTCODES, postcodes
from sources.companies.demo.rows import grow, label
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]

_MORNING = 6 * 3600
_KNOWN_BEFORE_DAYS = 30
_AGENT_TENURE_DAYS = 2500
_PARTNER_KINDS = ("broker", "marketplace", "association")


def list_feeds(scene: Scene) -> dict[str, pa.Table]:
    """Make the feeds of the company's own lists, up to `scene.until`."""
    tables = {
        "products": _products(scene),
        "campaigns": _campaigns(scene),
        "campaign_channels": _campaign_channels(scene),
        "partners": _partners(scene),
        "agents": _agents(scene),
        "stores": _stores(scene),
    }
    return {feed: table.filter(pa.array(table["_day"].to_numpy() < scene.until)) for feed, table in tables.items()}


def _products(scene: Scene) -> pa.Table:
    """State each product at its launch and whenever its price changes; cost moves with the price."""
    products, section, chance = scene.products, scene.profile.catalogue, scene.chance
    count = len(products.category)
    code, change = grow(np.full(count, 1 + section.price_updates))
    span = scene.profile.days - np.maximum(products.launched[code], 0)
    moment = np.maximum(products.launched[code], 0) + 1 + (span - 1) * chance.uniform("product.updated", code, change)
    day = np.where(change == 0, np.maximum(products.launched[code], 0), np.floor(moment).astype(np.int64))
    order = np.lexsort((change, day, code))
    code, change, day = code[order], change[order], day[order]
    step = np.where(change == 0, 0.0, section.price_change * chance.normal("product.price_change", code, change))
    total = np.cumsum(step)
    first = np.concatenate(([True], code[1:] != code[:-1]))
    level = np.exp(total - np.repeat(total[first] - step[first], np.diff(np.append(np.flatnonzero(first), len(code)))))
    rows = pa.array(code)
    return feed_table(
        "products",
        day,
        product_ref=products.ref.take(rows),
        updated_at=instants(scene.market, day, np.full(len(day), _MORNING)),
        name=products.name.take(rows),
        brand=products.brand.take(rows),
        department=products.department.take(rows),
        category=label(list(section.categories), products.category[code]),
        subcategory=products.subcategory.take(rows),
        unit_cost=np.round(products.unit_cost_home[code] * level, 2),
        list_price=np.round(products.list_price_home[code] * level, 2),
        currency=np.full(len(day), scene.profile.home_currency),
        supplier=products.supplier.take(rows),
        is_active=np.ones(len(day), dtype=bool),
    )


def _campaigns(scene: Scene) -> pa.Table:
    """State each campaign a month before it starts, when it starts, and when it is over."""
    campaigns = scene.campaigns
    count = len(campaigns.starts)
    code, stage = np.repeat(np.arange(count), 3), np.tile(np.arange(3), count)
    starts, ends = campaigns.starts[code].astype(np.int64), campaigns.ends[code].astype(np.int64)
    day = np.select([stage == 0, stage == 1], [np.maximum(starts - _KNOWN_BEFORE_DAYS, 0), starts], ends + 1)
    keep = (stage == 0) | ~campaigns.is_planned[code] | (day < scene.until)
    code, stage, day, starts, ends = code[keep], stage[keep], day[keep], starts[keep], ends[keep]
    origin = day_number(scene.profile.start)
    categories = list(scene.profile.catalogue.categories)
    rows = pa.array(code)
    names_ = campaigns.name.take(rows)
    return feed_table(
        "campaigns",
        day,
        campaign_ref=campaigns.ref.take(rows),
        updated_at=instants(scene.market, day, _MORNING + stage),
        name=names_,
        objective=label(OBJECTIVES, campaigns.objective[code]),
        starts_on=origin + starts,
        ends_on=origin + ends,
        offer_kind=label(OFFERS, campaigns.offer[code]),
        offer_value=campaigns.offer_value[code],
        coupon_code=campaigns.coupon_code.take(rows),
        target_category=label(categories, campaigns.category[code]),
        eligibility=campaigns.eligibility.take(rows),
        budget=np.round(campaigns.budget_home[code], 2),
        currency=np.full(len(code), scene.profile.home_currency),
        control_pct=campaigns.control_pct[code],
        message_template=pa.array([f"Dear {{given_name}}, {name}" for name in names_.to_pylist()], pa.string()),
        status=label(("planned", "running", "done"), stage),
    )


def _campaign_channels(scene: Scene) -> pa.Table:
    campaigns = scene.campaigns
    code, channel = np.nonzero(campaigns.channels)
    return feed_table(
        "campaign_channels",
        np.maximum(campaigns.starts[code] - _KNOWN_BEFORE_DAYS, 0),
        campaign_ref=campaigns.ref.take(pa.array(code)),
        channel=label(CHANNELS, channel),
        unit_cost=campaigns.unit_cost_home[code, channel],
        fixed_cost=campaigns.fixed_cost_home[code, channel],
        capacity_per_day=campaigns.capacity_per_day[code, channel],
    )


def _partners(scene: Scene) -> pa.Table:
    count = len(scene.places.partner_ref)
    day = np.zeros(count, dtype=np.int64)
    families = names.family().words
    pick = scene.chance.integers(len(families), "partner.name", np.arange(count))
    country = scene.chance.integers(len(scene.profile.population.countries), "partner.country", np.arange(count))
    return feed_table(
        "partners",
        day,
        partner_ref=scene.places.partner_ref,
        updated_at=instants(scene.market, day, day + _MORNING),
        name=pa.array([f"{families[int(p)].as_py()} Partners" for p in pick], pa.string()),
        kind=label(_PARTNER_KINDS, np.arange(count) % len(_PARTNER_KINDS)),
        commission_pct=np.round(scene.places.partner_commission * 100, 2),
        country=label(list(scene.profile.population.countries), country),
    )


def _agents(scene: Scene) -> pa.Table:
    code = np.arange(len(scene.places.agent_ref))
    first, last = names.given().words, names.family().words
    given = scene.chance.integers(len(first), "agent.given", code)
    family = scene.chance.integers(len(last), "agent.family", code)
    hired = day_number(scene.profile.start) - scene.chance.integers(_AGENT_TENURE_DAYS, "agent.hired", code)
    day = np.zeros(len(code), dtype=np.int64)
    called = [f"{first[int(g)].as_py()} {last[int(f)].as_py()}" for g, f in zip(given, family, strict=True)]
    return feed_table(
        "agents",
        day,
        agent_ref=scene.places.agent_ref,
        updated_at=instants(scene.market, day, day + _MORNING),
        name=pa.array(called, pa.string()),
        team=scene.places.agent_team,
        hired_on=hired,
    )


def _stores(scene: Scene) -> pa.Table:
    places, cities = scene.places, names.cities()
    city = places.store_city.astype(np.int64)
    day = np.zeros(len(city), dtype=np.int64)
    towns = cities.name.take(pa.array(city))
    zones = [c.time_zone for c in scene.profile.population.countries.values()]
    return feed_table(
        "stores",
        day,
        store_ref=places.store_ref,
        updated_at=instants(scene.market, day, day + _MORNING),
        name=pa.array([f"Store {town}" for town in towns.to_pylist()], pa.string()),
        city=towns,
        postcode=postcodes().take(pa.array(city * POSTCODES)),
        country=label(list(scene.profile.population.countries), places.store_country),
        time_zone=label(zones, places.store_country),
    )
