"""What is in the basket: categories by taste and season, products by popularity, planted pairs and sequences.

Belongs here: lines without money. Does not belong here: prices, discounts, tax (`pricing`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo.codes import ORDERS_A_PERSON
from sources.companies.demo.purchases import own_orders
from sources.companies.demo.rows import grow
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

SEQUENCE_CODE = 1000
_TIERS = 4
_SAMPLE_PERSONS = 20_000
_PRODUCT_SPAN = 1 << 16
_QUANTITY_TOP = 9


@dataclass(frozen=True)
class Basket:
    """Lines, by order: order (row among the orders given), product, quantity, planted (code of pair, -1 none)."""

    order: Ints
    product: Ints
    quantity: Ints
    planted: Ints


class PlantedPair(NamedTuple):
    """Two products, the chance to add the second to a basket with the first, and the lift that they have without."""

    first: int
    second: int
    chance: float
    natural_lift: float


@dataclass(frozen=True)
class Shelf:
    """Products laid out for drawing: for each category and price tier the products and their weights summed up.

    Attributes:
        product: products by category, tier, popularity. first, last: row of each (category, tier) in it.
        steps: weights summed up over `product`. edges: upper price of each tier but the last (categories x tiers - 1).
        pairs: as `PlantedPair`. sequences: first product, then.
    """

    product: Ints
    first: Ints
    last: Ints
    steps: Reals
    edges: Reals
    pairs: list[PlantedPair]
    sequences: list[tuple[int, int]]


def lay_out(scene: Scene) -> Shelf:
    """Sort the products for drawing and work out how often a pair must be added to have its lift."""
    products, buying = scene.products, scene.profile.buying
    tiers = _TIERS if buying.price_fits_value else 1
    categories = len(scene.profile.catalogue.categories)
    tier = np.zeros(len(products.category), dtype=np.int64)
    edges = np.full((categories, tiers - 1), np.inf)
    for code in range(categories):
        own = np.flatnonzero(products.category == code)
        if len(own) >= tiers > 1:
            price = products.list_price_home[own]
            tier[own] = np.argsort(np.argsort(price, kind="stable"), kind="stable") * tiers // len(own)
            edges[code] = [price[tier[own] <= t].max() for t in range(tiers - 1)]
    shelf_number = products.category * tiers + tier
    order = np.lexsort((np.arange(len(tier)), shelf_number))
    numbers = np.arange(categories * tiers)
    first = np.searchsorted(shelf_number[order], numbers, side="left")
    last = np.searchsorted(shelf_number[order], numbers, side="right")
    steps = np.concatenate(([0.0], np.cumsum(products.popularity[order])))
    sequences = [(_product(scene, s.first), _product(scene, s.then)) for s in buying.sequences]
    bare = Shelf(order, first, last, steps, edges, [], sequences)
    return replace(bare, pairs=_pair_rates(scene, bare))


def fill(scene: Scene, shelf: Shelf, order: Ints, person: Ints, day: Ints, value: Reals) -> Basket:
    """Fill the baskets of orders (order number, person, day, value in home currency); lines stand by order."""
    chance, buying = scene.chance, scene.profile.buying
    count = 1 + np.minimum(chance.poisson(buying.extra_lines, "basket.lines", order), buying.most_lines - 1)
    parent, place = grow(count)
    keys = (order[parent], place)
    weights = scene.persons.taste[person[parent]] * _season(scene, day)[parent]
    category = chance.pick_by_row(weights, "basket.category", *keys)
    target = value[parent] / count[parent]
    product = _pick_product(scene, shelf, category, target, day[parent], chance.uniform("basket.product", *keys))
    parent, product, planted = _with_pairs(scene, shelf, order, parent, product)
    parent, product, planted = _once(parent, product, planted)
    extra = chance.poisson(buying.quantity_extra, "basket.quantity", order[parent], product)
    return Basket(parent, product, 1 + np.minimum(extra, _QUANTITY_TOP), planted)


def followers(scene: Scene, shelf: Shelf, basket: Basket, order: Ints, day: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Find what follows by a planted sequence.

    Returns:
        row of the first order, product that follows, day, code of the sequence; at most one an order.
    """
    found = []
    for code, (first, then) in enumerate(shelf.sequences):
        plan = scene.profile.buying.sequences[code]
        rows = np.unique(basket.order[basket.product == first])
        goes = rows[scene.chance.flag(plan.probability, "sequence.follows", order[rows], code)]
        wait = plan.days + plan.days_spread * scene.chance.normal("sequence.days", order[goes], code)
        later = day[goes] + np.maximum(np.rint(wait).astype(np.int64), 1)
        found.append((goes, np.full(len(goes), then), later, np.full(len(goes), SEQUENCE_CODE + code)))
    if not found:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing, nothing
    row, product, later, code_of = (np.concatenate(parts) for parts in zip(*found, strict=True))
    _, once = np.unique(row, return_index=True)
    return row[once], product[once], later[once], code_of[once]


def _season(scene: Scene, day: Ints) -> Reals:
    market = scene.market
    rows = np.clip(day - market.first_day, 0, len(market.season) - 1)
    return np.asarray(market.season[rows])


def _pick_product(scene: Scene, shelf: Shelf, category: Ints, target: Reals, day: Ints, uniform: Reals) -> Ints:
    """Draw a product of the category, of the price tier that suits the value; one not yet launched gives way."""
    tiers = shelf.edges.shape[1] + 1
    tier = (target[:, None] > shelf.edges[category]).sum(axis=1)
    number = category * tiers + tier
    low, high = shelf.steps[shelf.first[number]], shelf.steps[shelf.last[number]]
    place = np.searchsorted(shelf.steps, low + uniform * (high - low), side="right") - 1
    product = shelf.product[np.clip(place, shelf.first[number], shelf.last[number] - 1)]
    early = scene.products.launched[product] > day
    eldest = np.searchsorted(scene.products.category, category, side="left")
    return np.asarray(np.where(early, eldest, product))


def _with_pairs(scene: Scene, shelf: Shelf, order: Ints, parent: Ints, product: Ints) -> tuple[Ints, Ints, Ints]:
    """Add the second product of a pair to some baskets that hold the first."""
    parents, products, planted = [parent], [product], [np.full(len(parent), -1, dtype=np.int64)]
    for code, (first, second, rate, _) in enumerate(shelf.pairs):
        holders = np.unique(parent[product == first])
        adds = holders[scene.chance.flag(rate, "pair.added", order[holders], code)]
        parents.append(adds)
        products.append(np.full(len(adds), second))
        planted.append(np.full(len(adds), code))
    return np.concatenate(parents), np.concatenate(products), np.concatenate(planted)


def _once(parent: Ints, product: Ints, planted: Ints) -> tuple[Ints, Ints, Ints]:
    """Keep each product once a basket, the drawn before the planted; sort by basket."""
    key = parent * _PRODUCT_SPAN + product
    sort = np.argsort(key, kind="stable")
    ordered = key[sort]
    keep = sort[np.concatenate(([True], ordered[1:] != ordered[:-1]))] if len(sort) else sort
    keep = keep[np.argsort(parent[keep], kind="stable")]
    return parent[keep], product[keep], planted[keep]


def _product(scene: Scene, named: str) -> int:
    """Give the code of `category:rank`; a rank beyond the catalogue is its last product."""
    category, rank = named.rsplit(":", 1)
    code = list(scene.profile.catalogue.categories).index(category)
    own = np.flatnonzero(scene.products.category == code)
    return int(own[min(int(rank), len(own) - 1)])


def _pair_rates(scene: Scene, shelf: Shelf) -> list[PlantedPair]:
    """Work out the chance q to add the second product so that P(second | first) = lift x P(second).

    With a = P(first), b = P(second), c = P(second | first) before anything is planted, measured on the baskets of the
    first persons: c + q (1 - c) = lift (b + a q (1 - c)), so q = (lift b - c) / ((1 - c) (1 - lift a)).
    A pair to which taste alone gives more lift is left as it is; `natural_lift` tells.
    """
    pairs = scene.profile.buying.pairs
    if not pairs:
        return []
    fixed = replace(scene, until=scene.profile.days)
    own = own_orders(fixed, 0, min(_SAMPLE_PERSONS, len(scene.persons)))
    number = own.person * ORDERS_A_PERSON + own.counter
    drawn = scene.chance.gamma(scene.profile.buying.spend_shape, "order.value", number)
    value = drawn / scene.persons.spend_rate[own.person]
    basket = fill(fixed, shelf, number, own.person, own.day, value)
    total = max(1, len(number))
    rates = []
    for pair in pairs:
        first, second = _product(scene, pair.first), _product(scene, pair.second)
        with_first = np.unique(basket.order[basket.product == first])
        with_second = np.unique(basket.order[basket.product == second])
        a, b = len(with_first) / total, len(with_second) / total
        c = len(np.intersect1d(with_first, with_second)) / max(1, len(with_first))
        rate = (pair.lift * b - c) / max((1 - c) * (1 - pair.lift * a), 1e-9)
        rates.append(PlantedPair(first, second, float(np.clip(rate, 0.0, 1.0)), c / b if b > 0 else 0.0))
    return rates
