"""What is sold, where, and by which campaigns: products, stores, partners, agents, campaigns.

Belongs here: the company's own lists, without customers. Does not belong here: what campaigns did (`contacts`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sources.companies.demo import names
from sources.companies.demo.backdrop import Campaigns, Places, Products
from sources.companies.demo.chance import Chance
from sources.companies.demo.codes import CHANNEL, CHANNELS, OBJECTIVES, OFFERS
from sources.companies.demo.profile import Profile

Ints = NDArray[np.int64]

_BRANDS = ("Aurelia", "Bottega Nove", "Casa Viola", "Donati", "Emilio & Figli", "Fiordaliso", "Garbo", "Serena")
_KINDS = ("Classico", "Riserva", "Piccolo", "Grande", "Natura", "Fino", "Rustico", "Doppio", "Leggero", "Festa")
_SUPPLIERS = ("Nord Forniture", "Alpe Import", "Mediterranea", "Delta Handels", "Lumière SA", "Thames Supply")
_TEAMS = ("sales", "service", "retention")
_STORE_WEIGHT = 40


def draw_products(profile: Profile, chance: Chance) -> Products:
    """Draw the catalogue: lognormal prices, popularity by Zipf's law in each category (rank 0 first)."""
    categories = profile.catalogue.categories
    sizes = np.array([c.products for c in categories.values()])
    category = np.repeat(np.arange(len(sizes)), sizes)
    rank = np.arange(len(category)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    code = np.arange(len(category))
    listed = list(categories.values())
    spread = np.array([c.price_spread for c in listed])[category] * chance.normal("product.price", code)
    price = np.round(np.array([c.price for c in listed])[category] * np.exp(spread), 2)
    share = np.array([c.cost_share for c in listed])[category] * (0.9 + 0.2 * chance.uniform("product.cost", code))
    new = chance.flag(profile.catalogue.new_products_share, "product.new", code) & (rank > sizes[category] // 2)
    launched = np.where(new, chance.integers(profile.days, "product.launched", code), -1)
    brand = _words(_BRANDS, chance.integers(len(_BRANDS), "product.brand", code))
    nouns = np.array([name.replace("_", " ") for name in categories], dtype=object)[category]
    kind = np.array(_KINDS, dtype=object)[rank % len(_KINDS)]
    number = 1 + rank // len(_KINDS)
    return Products(
        ref=pa.array([f"P{c + 1:02d}{r + 1:03d}" for c, r in zip(category, rank, strict=True)]),
        name=pa.array([f"{b} {n} {k} {i}" for b, n, k, i in zip(brand.to_pylist(), nouns, kind, number, strict=True)]),
        brand=brand,
        department=_words([c.department for c in listed], category),
        subcategory=pa.array([f"{n} {'abc'[r % 3]}" for n, r in zip(nouns, rank, strict=True)]),
        supplier=_words(_SUPPLIERS, chance.integers(len(_SUPPLIERS), "product.supplier", code)),
        category=category.astype(np.int16),
        list_price_home=np.maximum(price, 0.5),
        unit_cost_home=np.round(np.maximum(price, 0.5) * share, 2),
        popularity=(rank + 1.0) ** -profile.catalogue.popularity_exponent,
        launched=launched.astype(np.int32),
        refill_days=np.array([c.refill_days for c in listed], dtype=np.int16)[category],
    )


def draw_places(profile: Profile, chance: Chance) -> Places:
    """Draw stores (most of them in the home country), partners and agents."""
    cities, section = names.cities(), profile.catalogue
    codes = list(profile.population.countries)
    known = np.array([codes.index(c) if c in codes else -1 for c in cities.country])
    home = np.array([c == profile.market.home_country for c in cities.country])
    appeal = np.where(known >= 0, cities.weight + _STORE_WEIGHT * home, 0.0)
    city = np.argsort(-appeal, kind="stable")[np.arange(section.stores) % max(1, int((known >= 0).sum()))]
    low, high = section.partner_commission
    commission = low + (high - low) * chance.uniform("partner.commission", np.arange(section.partners))
    return Places(
        store_ref=pa.array([f"S{n + 1:03d}" for n in range(section.stores)]),
        store_city=city.astype(np.int16),
        store_country=known[city].astype(np.int16),
        partner_ref=pa.array([f"B{n + 1:03d}" for n in range(section.partners)]),
        partner_commission=np.round(commission, 3),
        agent_ref=pa.array([f"A{n + 1:03d}" for n in range(section.agents)]),
        agent_team=_words(_TEAMS, np.arange(section.agents) % len(_TEAMS)),
    )


def list_campaigns(profile: Profile) -> Campaigns:
    """Lay out the profile's campaigns in columns, by their first day."""
    listed = sorted(profile.campaigns, key=lambda c: (c.starts, c.name))
    section, categories = profile.contacts, list(profile.catalogue.categories)
    scale = profile.population.persons / section.reference_persons
    starts = np.array([(c.starts - profile.start).days for c in listed], dtype=np.int32)
    used = np.array([[name in c.channels for name in CHANNELS] for c in listed], dtype=bool).reshape(-1, len(CHANNELS))
    unit, fixed, capacity = (np.zeros(len(CHANNELS)) for _ in range(3))
    for name, cost in section.channels.items():
        row = CHANNEL[name]
        unit[row], fixed[row], capacity[row] = cost.unit_cost, cost.fixed_cost, np.ceil(cost.capacity_per_day * scale)
    category = [categories.index(c.category) if c.category else -1 for c in listed]
    return Campaigns(
        ref=pa.array([f"K{c.starts:%y%m%d}{n:02d}" for n, c in enumerate(listed)], pa.string()),
        name=pa.array([c.name for c in listed], pa.string()),
        coupon_code=pa.array([_coupon(c.name, c.offer) for c in listed], pa.string()),
        eligibility=pa.array([c.eligibility for c in listed], pa.string()),
        objective=np.array([OBJECTIVES.index(c.objective) for c in listed], dtype=np.int16),
        offer=np.array([OFFERS.index(c.offer) for c in listed], dtype=np.int16),
        offer_value=np.array([c.offer_value for c in listed]),
        category=np.array(category, dtype=np.int16),
        starts=starts,
        ends=starts + np.array([c.days for c in listed], dtype=np.int32) - 1,
        window_days=np.full(len(listed), section.window_days, dtype=np.int16),
        is_planned=starts >= profile.days,
        base_effect=np.array([c.base_effect for c in listed]),
        drift=np.array([c.drift for c in listed]),
        forward_chance=np.zeros(len(listed)),
        random_share=np.array([c.random_share for c in listed]),
        contact_share=np.array([c.contact_share for c in listed]),
        control_pct=np.array([c.control_pct for c in listed]),
        budget_home=np.array([c.budget * scale for c in listed]),
        channels=used,
        unit_cost_home=used * unit,
        fixed_cost_home=used * fixed,
        capacity_per_day=(used * capacity).astype(np.int64),
    )


def _coupon(name: str, offer: str) -> str | None:
    """Give the coupon that ties a sale to the campaign; information has nothing to redeem."""
    if offer == "information":
        return None
    return "".join(word[:4] for word in name.upper().split())[:12]


def _words(words: list[str] | tuple[str, ...], code: Ints) -> pa.StringArray:
    return pa.array(words, pa.string()).take(pa.array(code))
