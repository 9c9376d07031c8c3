"""Which contacts to make: the most expected profit within budgets, capacities and contact limits.

Each campaign's budget gets a price (the Lagrange multiplier at which its wishes cost what it may spend); every customer
is offered the channel that is worth most at that price; then contacts are taken by profit per unit of money until a
limit binds, in passes over arrays, so that a contact that was refused frees its place for the next. This is the greedy
rule for the multiple-choice knapsack (Kellerer, Pferschy & Pisinger 2004, Knapsack Problems, ch. 11).

Belongs here: choice among priced contacts. Does not belong here: days and hours, SQL, money of a contact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
MAX_PASSES, MAX_ROUNDS = 40, 10


@dataclass(frozen=True)
class Contacts:
    """Possible contacts, one element each: rows of customer, campaign and lane (a campaign's channel), and money.

    A control is chosen like everybody else, but costs nothing and takes no capacity.
    """

    customer: Ints
    campaign: Ints
    lane: Ints
    profit: Reals
    cost: Reals
    is_control: Flags


@dataclass(frozen=True)
class Limits:
    """Money by campaign, contacts by lane and by channel for the whole plan, contacts by customer.

    `channel_of_lane` tells the channel of each lane; infinite = no limit.
    """

    budget: Reals
    lane_capacity: Reals
    channel_capacity: Reals
    channel_of_lane: Ints
    customer_slots: Ints


@dataclass(frozen=True)
class Choice:
    """The contacts chosen, and by campaign what one more unit of money would have earned."""

    is_chosen: Flags
    value_of_money: Reals


def choose(contacts: Contacts, limits: Limits) -> Choice:
    """Choose the contacts to make; none that loses money, no more than one per customer and campaign."""
    chosen = np.zeros(len(contacts.profit), dtype=bool)
    for _ in range(MAX_ROUNDS):
        waiting = _waiting(contacts, limits, chosen)
        prices = _prices(contacts, limits, chosen, waiting)
        worth = contacts.profit - prices[contacts.campaign] * contacts.cost
        more = _fill(contacts, limits, worth, waiting & (worth >= 0), chosen)
        if not more.any():
            break
        chosen = chosen | more
    chosen &= ~_idle_controls(contacts, chosen)
    return Choice(chosen, _value_of_money(contacts, limits, chosen))


def _fill(contacts: Contacts, limits: Limits, worth: Reals, is_open: Flags, chosen: Flags) -> Flags:
    """Take open contacts in passes until no more fits; returns those taken."""
    before = chosen
    for _ in range(MAX_PASSES):
        accepted = _pass(contacts, limits, worth, is_open, chosen)
        if not accepted.any():
            break
        chosen = chosen | accepted
        is_open = is_open & ~chosen & ~_taken(contacts, chosen)
    return chosen & ~before


def _waiting(contacts: Contacts, limits: Limits, chosen: Flags) -> Flags:
    """Mark profitable contacts of customers who have a slot left, on lanes and channels that have room."""
    made = chosen & ~contacts.is_control
    channel = limits.channel_of_lane[contacts.lane]
    room = np.bincount(contacts.lane[made], minlength=len(limits.lane_capacity)) < limits.lane_capacity
    channel_room = np.bincount(channel[made], minlength=len(limits.channel_capacity)) < limits.channel_capacity
    slots = limits.customer_slots - np.bincount(contacts.customer[chosen], minlength=len(limits.customer_slots))
    has_room = room[contacts.lane] & channel_room[channel] & (slots[contacts.customer] > 0)
    waiting: Flags = (contacts.profit > 0) & has_room & ~_taken(contacts, chosen)
    return waiting


def _prices(contacts: Contacts, limits: Limits, chosen: Flags, waiting: Flags) -> Reals:
    """Price each campaign's money that is left, for those who wait."""
    spent = _spent(contacts, chosen, len(limits.budget))
    return np.array([
        _price(contacts, np.flatnonzero(waiting & (contacts.campaign == k)), float(left))
        for k, left in enumerate(limits.budget - spent)
    ])  # fmt: skip


def _spent(contacts: Contacts, chosen: Flags, campaigns: int) -> Reals:
    cost = np.where(chosen & ~contacts.is_control, contacts.cost, 0.0)
    spent: Reals = np.bincount(contacts.campaign, weights=cost, minlength=campaigns).astype(np.float64)
    return spent


def _price(contacts: Contacts, rows: Ints, budget: float) -> float:
    """Find the price of money at which the best channels of these customers cost no more than the budget."""
    if not len(rows) or not np.isfinite(budget):
        return 0.0
    rows = rows[np.argsort(contacts.customer[rows], kind="stable")]
    customer = contacts.customer[rows]
    starts = np.flatnonzero(np.append(True, customer[1:] != customer[:-1]))
    runs = np.diff(np.append(starts, len(rows)))
    profit, cost = contacts.profit[rows], contacts.cost[rows]
    paid = np.where(contacts.is_control[rows], 0.0, cost)

    def spent(price: float) -> float:
        worth = profit - price * cost
        is_best = worth == np.repeat(np.maximum.reduceat(worth, starts), runs)
        return float(paid[is_best & (worth >= 0)].sum())

    low, high = 0.0, float((profit[cost > 0] / cost[cost > 0]).max(initial=0.0)) * 1.01
    if spent(low) <= budget:
        return 0.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if spent(middle) > budget else (low, middle)
    return low


def _pass(contacts: Contacts, limits: Limits, worth: Reals, is_open: Flags, chosen: Flags) -> Flags:
    """Accept, of the open contacts, each customer's best and of these the densest that all limits still allow."""
    accepted = np.zeros(len(chosen), dtype=bool)
    rows = np.flatnonzero(is_open)
    rows = _best_of_campaign(contacts, worth, rows)
    used_slots = np.bincount(contacts.customer[chosen], minlength=len(limits.customer_slots))
    rows = rows[np.lexsort((contacts.campaign[rows], -worth[rows], contacts.customer[rows]))]
    rows = rows[_rank_within(contacts.customer[rows]) < (limits.customer_slots - used_slots)[contacts.customer[rows]]]
    rows = rows[np.lexsort((contacts.customer[rows], -_density(contacts)[rows]))]
    spent_rows = np.flatnonzero(chosen & ~contacts.is_control)
    for keys, amounts, limit in _limits_by_kind(contacts, limits):
        used = np.bincount(keys[spent_rows], weights=amounts[spent_rows], minlength=len(limit))
        amount = np.where(contacts.is_control[rows], 0.0, amounts[rows])
        fits = _running_total(keys[rows], amount) <= (limit - used)[keys[rows]] + 1e-9
        rows = rows[fits]
    accepted[rows] = True
    return accepted


def _limits_by_kind(contacts: Contacts, limits: Limits) -> list[tuple[Ints, Reals, Reals]]:
    one = np.ones(len(contacts.lane))
    return [
        (contacts.campaign, contacts.cost, limits.budget),
        (contacts.lane, one, limits.lane_capacity),
        (limits.channel_of_lane[contacts.lane], one, limits.channel_capacity),
    ]


def _best_of_campaign(contacts: Contacts, worth: Reals, rows: Ints) -> Ints:
    order = rows[np.lexsort((contacts.lane[rows], -worth[rows], contacts.campaign[rows], contacts.customer[rows]))]
    if not len(order):
        return order
    customer, campaign = contacts.customer[order], contacts.campaign[order]
    is_first = np.append(True, (customer[1:] != customer[:-1]) | (campaign[1:] != campaign[:-1]))
    best: Ints = order[is_first]
    return best


def _taken(contacts: Contacts, chosen: Flags) -> Flags:
    """Mark every contact whose customer already has one of the same campaign."""
    pair = contacts.customer * (int(contacts.campaign.max(initial=0)) + 1) + contacts.campaign
    return np.isin(pair, pair[chosen])


def _idle_controls(contacts: Contacts, chosen: Flags) -> Flags:
    """Mark controls of lanes that turned contacts away, below the last contact made there: they compare with nobody."""
    density = _density(contacts)
    lanes = int(contacts.lane.max(initial=-1)) + 1
    last = np.full(lanes, np.inf)
    made = chosen & ~contacts.is_control
    np.minimum.at(last, contacts.lane[made], density[made])
    refused = (contacts.profit > 0) & ~contacts.is_control & ~_taken(contacts, chosen)
    is_full = (np.bincount(contacts.lane[refused], minlength=lanes) > 0) | np.isinf(last)
    idle: Flags = chosen & contacts.is_control & is_full[contacts.lane] & (density < last[contacts.lane])
    return idle


def _value_of_money(contacts: Contacts, limits: Limits, chosen: Flags) -> Reals:
    """Profit per unit of money of the best contact that only the budget keeps out, by campaign; 0 if there is none."""
    spent = _spent(contacts, chosen, len(limits.budget))
    kept_out = _waiting(contacts, limits, chosen) & ~contacts.is_control & (contacts.cost > 0)
    kept_out &= spent[contacts.campaign] + contacts.cost > limits.budget[contacts.campaign] + 1e-9
    value = np.zeros(len(limits.budget))
    np.maximum.at(value, contacts.campaign[kept_out], _density(contacts)[kept_out])
    return value


def _density(contacts: Contacts) -> Reals:
    density: Reals = contacts.profit / np.maximum(contacts.cost, 1e-9)
    return density


def _rank_within(sorted_keys: Ints) -> Ints:
    """Count the elements of each run of equal keys from 0."""
    if not len(sorted_keys):
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.append(True, sorted_keys[1:] != sorted_keys[:-1]))
    return np.arange(len(sorted_keys)) - np.repeat(starts, np.diff(np.append(starts, len(sorted_keys))))


def _running_total(keys: Ints, amounts: Reals) -> Reals:
    """Add up the amounts of each key in the order of the rows, this row included."""
    order = np.argsort(keys, kind="stable")
    total = np.cumsum(amounts[order])
    starts = np.flatnonzero(_rank_within(keys[order]) == 0)
    before = np.append(0.0, total)[starts]
    result = np.empty(len(keys))
    result[order] = total - np.repeat(before, np.diff(np.append(starts, len(keys))))
    return result
