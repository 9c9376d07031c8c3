"""What the plans carried out have truly added so far: the world with them less the same world without any.

Belongs here: the truth table `plan_profit`, a row a person whom a plan has contacted, and one without a person for
contacts to references that no record has. Does not belong here: what a contact is expected to add (`effect`).

| column | says |
|---|---|
| contact_count, contact_cost | contacts made by plans, and what they cost without fixed costs of campaigns |
| order_count | orders that would not have come, less those that would have and did not; cancelled ones do not count |
| margin | what these orders brought: net less the cost of goods, gifts and points; less that of returns |
| profit | margin less contact_cost |

Amounts are in home currency. Everything that follows counts, also beyond a campaign's window: the coupon of who would
have bought anyway, the order that was only brought forward, the orders of somebody driven off.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sources.companies.demo.as_of import timeline
from sources.companies.demo.codes import ASSIGNMENT, NEVER, OFFERS, Ints, Reals
from sources.companies.demo.effect import offer_cost
from sources.companies.demo.market import at_day
from sources.companies.demo.model import Life, Orders
from sources.companies.demo.rows import sum_within_group
from sources.companies.demo.scene import Scene
from sources.companies.demo.strays import Strays

_CENTS = 100
_OWN_COST = OFFERS.index("gift"), OFFERS.index("points")
_NOBODY = -1


class _Events(NamedTuple):
    """Changes by person and day; money in whole cents, so that sums do not depend on their order."""

    person: Ints
    day: Ints
    contacts: Ints
    cost: Ints
    orders: Ints
    margin: Ints


def plan_profit(scene: Scene, life: Life, held: Life) -> pa.Table:
    """Compare a chunk's life under plans with the life that it would have had without any."""
    contacts = life.contacts
    made = np.flatnonzero((contacts.assignment == ASSIGNMENT["plan"]) & ~contacts.is_control)
    sent = _sent(contacts.person[made], contacts.day[made].astype(np.int64), contacts.cost_home[made])
    return _add_up(np.unique(sent.person), [sent, *_earned(scene, life, 1), *_earned(scene, held, -1)])


def lost_on_strays(scene: Scene, strays: Strays) -> pa.Table:
    """Give what was spent on contacts to references that no record has."""
    made = np.flatnonzero(~strays.is_control & (strays.day < scene.until))
    cost = scene.campaigns.unit_cost_home[strays.campaign[made], strays.channel[made]]
    sent = _sent(np.full(len(made), _NOBODY), strays.day[made], cost)
    return _add_up(np.unique(sent.person), [sent])


def _sent(person: Ints, day: Ints, cost: Reals) -> _Events:
    none = np.zeros(len(person), dtype=np.int64)
    return _Events(person, day, none + 1, _cents(cost), none, none)


def _earned(scene: Scene, life: Life, sign: int) -> list[_Events]:
    """Give orders on their day and returns on theirs."""
    orders, lines, returns = life.orders, life.lines, life.returns
    value = at_day(scene.market, scene.market.fx, orders.day.astype(np.int64))[np.arange(len(orders)), orders.currency]
    each = value[lines.order] * (lines.net / np.maximum(lines.quantity, 1) - lines.unit_cost)
    margin = np.bincount(lines.order, each * lines.quantity, minlength=len(orders)) - _offers(scene, orders)
    kept = np.flatnonzero(~orders.is_cancelled)
    none, count = np.zeros(len(kept), dtype=np.int64), np.full(len(kept), sign)
    back = lines.order[returns.line]
    nothing = np.zeros(len(back), dtype=np.int64)
    undone = _cents(each[returns.line] * returns.quantity)
    return [
        _Events(orders.person[kept], orders.day[kept].astype(np.int64), none, none, count, sign * _cents(margin[kept])),
        _Events(orders.person[back], returns.day.astype(np.int64), nothing, nothing, nothing, -sign * undone),
    ]


def _offers(scene: Scene, orders: Orders) -> Reals:
    """Give what gifts and points cost that came with orders; a discount is in their net amounts already."""
    code = np.maximum(orders.campaign, 0).astype(np.int64)
    given = (orders.campaign >= 0) & np.isin(scene.campaigns.offer[code], _OWN_COST)
    return np.where(given, offer_cost(scene, code, orders.value_home), 0.0)


def _add_up(who: Ints, parts: list[_Events]) -> pa.Table:
    """Sum the changes of some persons up by day; what was before the first contact is the same in both worlds."""
    every = _Events(*(np.concatenate(columns).astype(np.int64) for columns in zip(*parts, strict=True)))
    every = _Events(*(column[np.isin(every.person, who)] for column in every))
    row, first = np.searchsorted(who, every.person), np.full(len(who), NEVER, dtype=np.int64)
    np.minimum.at(first, row, np.where(every.contacts > 0, every.day, NEVER))
    since = np.flatnonzero(every.day >= first[row])
    since = since[np.lexsort((every.day[since], row[since]))]
    row, day = row[since], every.day[since].astype(np.int32)
    contacts, cost, orders, margin = (sum_within_group(column[since], row) for column in every[2:])
    sums: dict[str, Ints | Reals] = {
        "contact_count": contacts.astype(np.int64),
        "contact_cost": cost / _CENTS,
        "order_count": orders.astype(np.int64),
        "margin": margin / _CENTS,
        "profit": (margin - cost) / _CENTS,
    }
    last = np.searchsorted(row, np.arange(len(who)), side="right") - 1
    columns = {"person_id": pa.array(who, mask=who == _NOBODY), "_day": first}
    for name, values in sums.items():
        columns |= {name: values[last], f"_before_{name}": np.zeros(len(who), dtype=values.dtype)}
        columns |= timeline(name, row, day, values, len(who))
    return pa.table(columns)


def _cents(amount: Reals) -> Ints:
    return np.rint(np.asarray(amount) * _CENTS).astype(np.int64)
