from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.decisions.allocation import Contacts, Limits, choose
from dagster_project.decisions.schedule import NEVER, Slots, assign_days


@st.composite
def problems(draw: st.DrawFn, customers: int = 30, campaigns: int = 3) -> tuple[Contacts, Limits]:
    """Two lanes a campaign, one on each of two channels; every customer may be contacted on each."""
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    who, lane = (a.ravel() for a in np.meshgrid(np.arange(customers), np.arange(campaigns * 2), indexing="ij"))
    shown = generator.random(len(who)) < 0.7
    who, lane = who[shown], lane[shown]
    cost = np.round(generator.choice([0.0, 0.05, 0.8, 3.0], campaigns * 2)[lane], 2)
    control = generator.random((customers, campaigns)) < 0.2
    contacts = Contacts(
        who, lane // 2, lane, np.round(generator.normal(0.5, 1.5, len(who)), 3), cost, control[who, lane // 2]
    )
    money = draw(st.lists(st.one_of(st.just(np.inf), st.floats(0, 40)), min_size=campaigns, max_size=campaigns))
    capacity = draw(st.lists(st.integers(0, 20), min_size=campaigns * 2, max_size=campaigns * 2))
    channel = draw(st.lists(st.integers(0, 40), min_size=2, max_size=2))
    slots = generator.integers(0, draw(st.integers(1, 4)), customers)
    limits = Limits(
        np.array(money), np.array(capacity, float), np.array(channel, float), np.arange(campaigns * 2) % 2, slots
    )
    return contacts, limits


@given(problems())
@settings(max_examples=80, deadline=None)
def test_no_limit_is_ever_broken(problem: tuple[Contacts, Limits]) -> None:
    contacts, limits = problem
    chosen = choose(contacts, limits).is_chosen
    made = chosen & ~contacts.is_control
    assert np.all(contacts.profit[chosen] > 0)
    spent = np.bincount(contacts.campaign[made], weights=contacts.cost[made], minlength=len(limits.budget))
    assert np.all(spent <= limits.budget + 1e-6)
    assert np.all(np.bincount(contacts.lane[made], minlength=len(limits.lane_capacity)) <= limits.lane_capacity)
    channel = limits.channel_of_lane[contacts.lane[made]]
    assert np.all(np.bincount(channel, minlength=len(limits.channel_capacity)) <= limits.channel_capacity)
    assert np.all(np.bincount(contacts.customer[chosen], minlength=len(limits.customer_slots)) <= limits.customer_slots)
    pairs = list(zip(contacts.customer[chosen], contacts.campaign[chosen], strict=True))
    assert len(pairs) == len(set(pairs))


@given(problems())
@settings(max_examples=40, deadline=None)
def test_nothing_is_left_that_fits_without_the_price_of_money(problem: tuple[Contacts, Limits]) -> None:
    contacts, limits = problem
    free = Limits(np.full(3, np.inf), np.full(6, np.inf), np.full(2, np.inf), limits.channel_of_lane, np.full(30, 9))
    chosen = choose(contacts, free).is_chosen
    best: dict[tuple[int, int], float] = {}
    for customer, campaign, profit in zip(contacts.customer, contacts.campaign, contacts.profit, strict=True):
        best[customer, campaign] = max(best.get((customer, campaign), 0.0), profit)
    assert contacts.profit[chosen].sum() == pytest.approx(sum(best.values()))


@given(st.integers(0, 10**6), st.floats(1, 12))
@settings(max_examples=40, deadline=None)
def test_a_budget_is_spent_almost_as_well_as_the_best_choice_would(seed: int, budget: float) -> None:
    generator = np.random.default_rng(seed)
    customers = 7
    who, lane = np.repeat(np.arange(customers), 2), np.tile([0, 1], customers)
    cost = np.where(lane == 0, 0.5, 2.0)
    profit = np.round(np.where(lane == 0, 1.0, 2.5) * generator.gamma(2, 0.5, len(who)), 2) + 0.01
    contacts = Contacts(who, np.zeros_like(who), lane, profit, cost, np.zeros(len(who), dtype=bool))
    limits = Limits(np.array([budget]), np.full(2, np.inf), np.full(2, np.inf), np.array([0, 1]), np.full(customers, 9))
    found = profit[choose(contacts, limits).is_chosen].sum()
    best = 0.0
    for option in product((0, 1, 2), repeat=customers):
        rows = [2 * i + o - 1 for i, o in enumerate(option) if o]
        if cost[rows].sum() <= budget + 1e-9:
            best = max(best, float(profit[rows].sum()))
    # The greedy rule may miss what the last coins could buy: at most one contact's profit.
    assert found >= best - profit.max() - 1e-9
    assert found <= best + 1e-6


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_days_keep_capacity_permission_and_rest(seed: int, gap: int, capacity: int) -> None:
    generator = np.random.default_rng(seed)
    who, lane = (a.ravel() for a in np.meshgrid(np.arange(15), np.arange(4), indexing="ij"))
    first = generator.integers(0, 8, 4)
    slots = Slots(
        who, lane, generator.integers(-1, 20, len(who)), generator.random(len(who)) < 0.2,
        first, first + generator.integers(0, 8, 4), np.full(4, float(capacity)), np.array([0, 0, 1, 1]),
        np.array([capacity + 1.0, capacity]), generator.integers(-5, 0, 15),
    )  # fmt: skip
    day = assign_days(slots, 14, gap)
    placed = day != NEVER
    assert np.all(
        (day[placed] >= slots.lane_first_day[lane][placed]) & (day[placed] <= slots.lane_last_day[lane][placed])
    )
    assert np.all(day[placed] <= slots.last_day[placed])
    assert np.all(day < 14)
    for today in range(14):
        sent = placed & (day == today) & ~slots.is_control
        assert np.all(np.bincount(lane[sent], minlength=4) <= capacity)
        assert np.all(np.bincount(slots.channel_of_lane[lane[sent]], minlength=2) <= slots.channel_capacity)
    for customer in range(15):
        mine = np.sort(np.append(day[placed & (who == customer)], slots.customer_last_contact[customer]))
        assert np.all(np.diff(mine) >= gap)


def test_an_empty_problem_has_an_empty_answer() -> None:
    none = np.zeros(0, dtype=np.int64)
    contacts = Contacts(none, none, none, np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
    limits = Limits(np.array([5.0]), np.array([3.0]), np.array([3.0]), np.array([0]), none)
    assert not choose(contacts, limits).is_chosen.any()
