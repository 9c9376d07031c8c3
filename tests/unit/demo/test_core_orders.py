"""Orders and baskets: values, tastes, seasons, pairs, sequences, returns and references."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow.compute as pc
import pytest

from sources.companies.demo.codes import CAUSE, CHANNEL, CURRENCIES
from sources.companies.demo.market import at_day
from tests.unit.demo.core_play import Played, default_world, play, query


@cache
def _large() -> Played:
    """Play a larger world without campaigns, so that pairs and sequences can be counted."""
    return play(customers=20_000, campaigns=[])


def test_the_default_world_has_its_size() -> None:
    life = default_world().life
    assert 85_000 < len(life.lines.order) < 120_000
    assert len(np.unique(life.orders.person)) > 1_500


def test_lines_add_up_to_the_value_of_the_order() -> None:
    world = default_world()
    orders, lines, market = world.life.orders, world.life.lines, world.scene.market
    fx = np.array(
        [at_day(market, market.fx[:, c], np.array([d]))[0] for c, d in zip(orders.currency, orders.day, strict=True)]
    )
    home = np.bincount(lines.order, lines.net * fx[lines.order], minlength=len(orders))
    tolerance = 0.012 * np.bincount(lines.order, lines.quantity, minlength=len(orders)) * fx + 0.02
    assert (np.abs(home - orders.paid_home) <= tolerance).all()
    assert lines.net == pytest.approx(np.round(lines.quantity * lines.unit_price - lines.discount, 2))


def test_values_are_gamma_around_each_persons_mean() -> None:
    world = default_world()
    orders, buying = world.life.orders, world.scene.profile.buying
    own = orders.cause != CAUSE["sequence"]
    scaled = (orders.value_home * world.scene.persons.spend_rate[orders.person])[own]
    assert scaled.mean() == pytest.approx(buying.spend_shape, rel=0.02)
    assert scaled.var() == pytest.approx(buying.spend_shape, rel=0.05)


def test_orders_follow_the_market() -> None:
    world = _large()
    orders, market = world.life.orders, world.scene.market
    per_day = np.bincount(orders.day, minlength=world.scene.until)
    demand = market.demand[-market.first_day :][: world.scene.until]
    trend = np.convolve(per_day, np.ones(63) / 63, mode="same") / np.convolve(demand, np.ones(63) / 63, mode="same")
    assert np.corrcoef(per_day / trend, demand)[0, 1] > 0.6


def test_persons_buy_what_they_like() -> None:
    world = default_world()
    lines, persons, products = world.life.lines, world.scene.persons, world.scene.products
    person = world.life.orders.person[lines.order]
    bought = np.zeros(persons.taste.shape)
    np.add.at(bought, (person, products.category[lines.product].astype(np.int64)), 1)
    many = bought.sum(axis=1) > 40
    share = bought[many] / bought[many].sum(axis=1, keepdims=True)
    assert np.corrcoef(share.ravel(), persons.taste[many].ravel())[0, 1] > 0.85


def test_what_is_popular_sells() -> None:
    world = _large()
    products, lines = world.scene.products, world.life.lines
    sold = np.bincount(lines.product, minlength=len(products.category))
    own = products.category == 0
    assert np.corrcoef(np.log(products.popularity[own]), np.log(1 + sold[own]))[0, 1] > 0.6


def test_planted_pairs_have_their_lift() -> None:
    world = _large()
    lines = world.life.lines
    total = len(world.life.orders)
    for planted, pair in zip(world.shelf.pairs, world.scene.profile.buying.pairs, strict=True):
        a, b = (np.unique(lines.order[lines.product == code]) for code in planted[:2])
        both = len(np.intersect1d(a, b))
        assert planted.natural_lift < pair.lift
        assert both / len(a) / (len(b) / total) == pytest.approx(pair.lift, rel=3.5 / np.sqrt(both) + 0.05)


def test_planted_sequences_follow_with_their_chance_and_delay() -> None:
    world = _large()
    orders, lines = world.life.orders, world.life.lines
    for code, plan in enumerate(world.scene.profile.buying.sequences):
        first, then = world.shelf.sequences[code]
        ends = world.scene.until - int(plan.days + 4 * plan.days_spread)
        source = np.unique(lines.order[(lines.product == first)])
        source = source[(orders.day[source] < ends) & (orders.cause[source] != CAUSE["sequence"])]
        source = source[world.life.left[orders.person[source]] > world.scene.until]
        follow = np.flatnonzero(lines.planted == 1000 + code)
        assert (lines.product[follow] == then).all()
        begun = np.isin(orders.counter[lines.order[follow]] - 8192 + orders.person[lines.order[follow]] * 16384,
                        orders.order[source])  # fmt: skip
        error = np.sqrt(plan.probability * (1 - plan.probability) / len(source))
        assert begun.sum() / len(source) == pytest.approx(plan.probability, abs=3.5 * error + 0.02)
        by_order = dict(zip(orders.order.tolist(), orders.day.tolist(), strict=True))
        row = lines.order[follow[begun]]
        began = [
            by_order[int(p) * 16384 + int(c) - 8192]
            for p, c in zip(orders.person[row], orders.counter[row], strict=True)
        ]
        delay = orders.day[row] - np.array(began)
        assert delay.mean() == pytest.approx(plan.days, abs=4 * plan.days_spread / np.sqrt(len(delay)))


def test_rates_of_orders_come_back() -> None:
    world = default_world()
    life, section = world.life, world.scene.profile.orders
    store = life.orders.channel == CHANNEL["store"]
    assert (life.orders.record[store] < 0).mean() == pytest.approx(section.anonymous_share, abs=0.02)
    assert (life.orders.record[~store] >= 0).all()
    assert life.orders.is_cancelled.mean() == pytest.approx(section.cancelled_share, abs=0.005)
    assert len(life.returns.line) / len(life.lines.order) == pytest.approx(section.return_share, abs=0.006)
    assert life.orders.has_case.mean() == pytest.approx(world.scene.profile.aftercare.case_rate, abs=0.006)


def test_an_order_names_a_record_that_is_there() -> None:
    world = default_world()
    unknown = query(
        "select count(*) from lines left join (select source_system, customer_ref, min(registered_at) as since "
        "from customers group by all) records using (source_system, customer_ref) where customer_ref is not null and "
        "(since is null or since > ordered_at)",
        lines=world.life.feeds["order_lines"],
        customers=world.life.feeds["customers"],
    )
    assert unknown == [(0,)]


def test_references_are_unique_and_currencies_those_of_the_country() -> None:
    world = default_world()
    life, countries = world.life, list(world.scene.profile.population.countries.values())
    assert len(pc.unique(life.orders.ref)) == len(life.orders)
    own = [CURRENCIES.index(countries[c].currency) for c in world.scene.persons.country[life.orders.person]]
    assert (life.orders.currency == own).all()
    assert len(pc.unique(life.contacts.ref)) == len(life.contacts)


def test_a_cancelled_order_is_delivered_twice() -> None:
    lines = default_world().life.feeds["order_lines"]
    rows = query(
        "select count(*), count(*) filter (where status = 'cancelled' and updated_at > ordered_at), "
        "count(distinct (order_ref, line_number)) from lines where order_ref in (select order_ref from lines where "
        "status = 'cancelled')",
        lines=lines,
    )[0]
    assert rows[0] == 2 * rows[1] == 2 * rows[2] > 0


def test_bad_service_makes_customers_leave() -> None:
    world = play(customers=8000, campaigns=[], aftercare__case_rate=0.5, aftercare__dropout_per_point=0.3)
    orders, persons = world.life.orders, world.scene.persons
    last = np.append(orders.person[1:] != orders.person[:-1], True)
    left = last & (world.life.left[orders.person] < world.scene.until) & (orders.cause == CAUSE["own_will"])
    bad = orders.satisfaction < 2
    base = persons.dropout[orders.person]
    assert left[bad].mean() - base[bad].mean() > 0.2
    assert left[~bad].mean() - base[~bad].mean() < 0.1
    slow = orders.case_solve_hours > 24
    assert orders.satisfaction[slow].mean() < orders.satisfaction[orders.has_case & ~slow].mean() - 0.5
