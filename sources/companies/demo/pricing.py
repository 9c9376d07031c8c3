"""Money of lines: unit prices, discounts, tax, costs and returns.

Belongs here: turning baskets and order values into lines. Does not belong here: what is in the basket (`baskets`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo.baskets import Basket
from sources.companies.demo.codes import CURRENCIES
from sources.companies.demo.market import at_day, instants
from sources.companies.demo.model import OrderLines, Orders, Returns
from sources.companies.demo.rows import place_in_group
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]

RETURN_REASONS = ("damaged", "wrong_size", "not_as_described", "changed_mind", "late")
_REASON_WEIGHTS = (2, 2, 2, 3, 1)
_OPENS, _OPEN_SECONDS = 9 * 3600, 9 * 3600
_LEAST_PRICE = 0.01


def price_lines(scene: Scene, orders: Orders, basket: Basket) -> OrderLines:
    """Price the lines so that they add up to the order's value, and take the discount off in proportion."""
    row = basket.order
    listed = scene.products.list_price_home[basket.product]
    total = np.bincount(row, listed * basket.quantity, minlength=len(orders))
    factor = orders.value_home / np.maximum(total, _LEAST_PRICE)
    fx = np.ones(len(orders))
    for code in range(len(CURRENCIES)):
        own = orders.currency == code
        fx[own] = at_day(scene.market, scene.market.fx[:, code], orders.day[own].astype(np.int64))
    unit = np.maximum(np.round(listed * factor[row] / fx[row], 2), _LEAST_PRICE)
    gross = np.round(unit * basket.quantity, 2)
    cut = 1.0 - orders.paid_home / np.maximum(orders.value_home, 1e-9)
    discount = np.round(gross * cut[row], 2)
    net = np.round(gross - discount, 2)
    taxes = np.array([c.tax_rate for c in scene.profile.population.countries.values()])
    rate = taxes[scene.persons.country[orders.person]][row]
    cost_share = scene.products.unit_cost_home / scene.products.list_price_home
    return OrderLines(
        order=row,
        number=(1 + place_in_group(row)).astype(np.int16),
        product=basket.product.astype(np.int16),
        quantity=basket.quantity.astype(np.int16),
        unit_price=unit,
        discount=discount,
        tax=np.round(net * rate, 2),
        net=net,
        unit_cost=np.round(unit * cost_share[basket.product], 2),
        planted=basket.planted.astype(np.int16),
    )


def return_lines(scene: Scene, orders: Orders, lines: OrderLines) -> Returns:
    """Let a share of lines come back, whole or in part, before `scene.until`."""
    chance, section = scene.chance, scene.profile.orders
    order, product = orders.order[lines.order], lines.product.astype(np.int64)
    back = chance.flag(section.return_share, "line.returned", order, product) & ~orders.is_cancelled[lines.order]
    line = np.flatnonzero(back)
    keys = (order[line], product[line])
    wait = 1 + np.floor(section.return_days * chance.exponential("line.returned_on", *keys)).astype(np.int64)
    day = orders.day[lines.order[line]] + wait
    keep = day < scene.until
    line, day = line[keep], day[keep]
    keys = (order[line], product[line])
    quantity = 1 + chance.integers(lines.quantity[line], "line.returned_quantity", *keys)
    second = _OPENS + chance.integers(_OPEN_SECONDS, "line.returned_second", *keys)
    return Returns(
        line=line,
        day=day.astype(np.int32),
        at=instants(scene.market, day, second),
        quantity=quantity.astype(np.int16),
        amount=np.round(lines.net[line] * quantity / lines.quantity[line], 2),
        reason=chance.pick(_REASON_WEIGHTS, "line.returned_reason", *keys).astype(np.int16),
    )
