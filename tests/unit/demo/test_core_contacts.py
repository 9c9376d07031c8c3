"""Campaigns: the effect that is planted is the effect that happens, and naive comparisons mislead as they should."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from sources.companies.demo.codes import ASSIGNMENT, CAUSE, CHANNEL, RESPONSE
from sources.companies.demo.effect import delta, expected_profit, margin_share, mean_value
from tests.unit.demo.core_play import Played, default_world, play, query

WINDOW = 21
Flags = NDArray[np.bool_]


@cache
def _busy() -> Played:
    """Play a world of two strong campaigns sent wholly by lot, half held out."""
    campaign = {
        "name": "Lot", "objective": "retain", "offer": "discount_pct", "offer_value": 10, "days": 3,
        "channels": ["email", "app"], "eligibility": "all", "base_effect": 0.2, "drift": 0.0, "random_share": 1.0,
        "contact_share": 1.0, "control_pct": 50, "budget": 1,
    }  # fmt: skip
    campaigns = [campaign | {"name": n, "starts": s} for n, s in (("Lot A", "2025-03-03"), ("Lot B", "2025-10-06"))]
    return play(customers=12_000, campaigns=campaigns)


def _bought_within(world: Played, days: int = WINDOW) -> Flags:
    """Tell of each contact whether its person ordered within so many days, as anybody can see it in the feeds."""
    orders, contacts = world.life.orders, world.life.contacts
    key = orders.person * (1 << 22) + orders.day
    start = np.searchsorted(key, contacts.person * (1 << 22) + contacts.day, side="left")
    return np.searchsorted(key, contacts.person * (1 << 22) + contacts.day + days, side="right") > start


def test_extra_orders_come_at_the_true_effect() -> None:
    contacts = _busy().life.contacts
    sent = ~contacts.is_control
    chance = np.maximum(contacts.delta[sent], 0)
    error = np.sqrt((chance * (1 - chance)).sum())
    assert (contacts.outcome[sent] >= 0).sum() == pytest.approx(chance.sum(), abs=3.5 * error)
    assert (contacts.outcome[~sent] < 0).all()


def test_a_negative_effect_drives_persons_off_at_its_rate() -> None:
    world = _busy()
    contacts, section = world.life.contacts, world.scene.profile.contacts
    sent = ~contacts.is_control
    expected = np.maximum(-contacts.delta[sent], 0).sum()
    assert (contacts.delta < 0).mean() == pytest.approx(section.negative_share, abs=0.02)
    left = contacts.made_leave[sent].sum()
    assert (1 - section.cancel_share) * expected - 4 * np.sqrt(expected) < left < expected + 4 * np.sqrt(expected)
    gone = contacts.person[contacts.made_leave]
    day = np.full(len(world.scene.persons), 9999)
    day[gone] = contacts.day[contacts.made_leave] + WINDOW
    assert len(gone) > 20
    assert (world.life.orders.day <= day[world.life.orders.person]).all()


def test_the_difference_to_controls_is_the_effect() -> None:
    world = _busy()
    contacts, bought = world.life.contacts, _bought_within(world)
    sent = ~contacts.is_control
    seen = bought[sent].mean() - bought[~sent].mean()
    error = np.sqrt(bought[sent].var() / sent.sum() + bought[~sent].var() / (~sent).sum())
    base = bought[~sent].mean()
    unmoved = np.where(contacts.delta > 0, contacts.delta * (1 - base), contacts.delta * base)
    assert seen == pytest.approx(unmoved.mean(), abs=3.5 * error + 0.01)
    assert seen > 3 * error


def test_a_share_of_extra_orders_is_brought_forward() -> None:
    world = _busy()
    orders, section = world.life.orders, world.scene.profile.contacts
    caused = orders.caused_by >= 0
    forward = orders.cause[caused] == CAUSE["brought_forward"]
    error = np.sqrt(forward.mean() * (1 - forward.mean()) / len(forward))
    assert forward.mean() == pytest.approx(section.brought_forward_share, abs=3.5 * error + 0.02)
    assert set(np.unique(orders.cause[~caused])) <= {CAUSE["own_will"], CAUSE["sequence"]}


def test_those_who_would_buy_anyway_redeem_too() -> None:
    world = _busy()
    orders, section = world.life.orders, world.scene.profile.contacts
    own = (orders.campaign >= 0) & (orders.cause == CAUSE["own_will"])
    assert own.sum() > 0.5 * ((orders.campaign >= 0) & ~own).sum()
    caused = orders.caused_by >= 0
    assert (orders.campaign[caused] >= 0).mean() == pytest.approx(section.redeem_share, abs=0.05)
    cut = 1 - orders.paid_home[own] / orders.value_home[own]
    assert cut == pytest.approx(np.full(own.sum(), 0.1))


def test_a_redemption_names_an_order_of_its_own_system() -> None:
    feeds = default_world().life.feeds
    ((redeemed, found, ours),) = query(
        """
        select count(*), count(o.order_ref), count(*) filter (o.customer_ref is not distinct from r.customer_ref)
        from r left join (select distinct source_system, order_ref, customer_ref from o) as o
            using (source_system, order_ref)
        where r.order_ref is not null""",
        r=feeds["campaign_responses"],
        o=feeds["order_lines"],
    )
    assert redeemed == found == ours > 500


def test_who_opens_is_not_who_is_moved() -> None:
    """Openers buy more whether or not a contact moved them: intent opens letters as much as effect does."""
    world = _busy()
    contacts, responses = world.life.contacts, world.life.responses
    opened = np.zeros(len(contacts), dtype=bool)
    opened[responses.contact[responses.kind == RESPONSE["opened"]]] = True
    bought, moved = _bought_within(world), contacts.outcome >= 0
    sent = ~contacts.is_control
    naive = bought[sent & opened].mean() - bought[sent & ~opened].mean()
    true = contacts.delta[sent & opened].mean() - contacts.delta[sent & ~opened].mean()
    assert naive > 3 * max(true, 0.01)
    assert (bought & opened & ~moved).sum() > (bought & opened & moved).sum()


def test_the_sales_rule_misleads_upwards() -> None:
    world = default_world()
    contacts, bought = world.life.contacts, _bought_within(world)
    sent = ~contacts.is_control
    rule, lot = (sent & (contacts.assignment == ASSIGNMENT[name]) for name in ("sales_rule", "random"))
    naive = bought[rule].mean() - bought[contacts.is_control].mean()
    honest = contacts.delta[rule].mean()
    assert naive > 3 * honest
    assert bought[rule].mean() > bought[lot].mean()
    assert not contacts.is_control[contacts.assignment == ASSIGNMENT["sales_rule"]].any()


def test_controls_are_held_out_at_their_rate() -> None:
    world = default_world()
    contacts, campaigns = world.life.contacts, world.scene.campaigns
    lot = contacts.assignment == ASSIGNMENT["random"]
    for code in np.unique(contacts.campaign[lot]):
        own = lot & (contacts.campaign == code)
        share = campaigns.control_pct[code] / 100
        error = np.sqrt(share * (1 - share) / own.sum())
        assert contacts.is_control[own].mean() == pytest.approx(share, abs=4 * error)


def test_nobody_is_contacted_without_permission() -> None:
    world = default_world()
    contacts, consents = world.life.contacts, world.life.consents
    marketing = consents.purpose == 0
    key = np.lexsort((consents.at[marketing],))
    stated = {}
    for row in np.flatnonzero(marketing)[key]:
        stated.setdefault((int(consents.person[row]), int(consents.channel[row])), []).append(
            (int(consents.day[row]), bool(consents.is_opt_in[row]))
        )
    for person, channel, day in zip(contacts.person, contacts.channel, contacts.day, strict=True):
        said = [opt_in for on, opt_in in stated[int(person), int(channel)] if on < day]
        assert said
        assert said[-1]


def test_effects_fade_with_contacts_and_depend_on_the_hour() -> None:
    world = default_world()
    scene, person = world.scene, np.arange(1000)
    email = np.full(1000, CHANNEL["email"])
    peak = scene.persons.hour_peak[:1000] * 3600
    day = int(scene.campaigns.starts[3])
    fresh = delta(scene, person, 3, email, day, peak, 0)
    tired = delta(scene, person, 3, email, day, peak, 3)
    ill_timed = delta(scene, person, 3, email, day, np.mod(peak + 12 * 3600, 86_400), 0)
    inside = np.abs(fresh) < scene.profile.contacts.largest_effect
    assert tired[inside] == pytest.approx((fresh * np.exp(-3 * scene.persons.contact_fatigue[:1000]))[inside])
    amplitude = scene.profile.contacts.hour_amplitude
    assert ill_timed[inside] == pytest.approx((fresh * (1 - amplitude) / (1 + amplitude))[inside])


@cache
def _sent_and_held(negative_share: float) -> tuple[Played, Played]:
    """Play the same world with everybody contacted and with nobody."""
    campaign = {"eligibility": "all", "drift": 0.0, "random_share": 1.0, "contact_share": 1.0, "budget": 1, "days": 1,
                "name": "K", "objective": "retain", "offer": "discount_pct", "offer_value": 5, "channels": ["post"],
                "base_effect": 0.3, "starts": "2025-03-03"}  # fmt: skip
    quiet = {"buying__sequences": [], "orders__cancelled_share": 0.0, "contacts__negative_share": negative_share}
    sent, held = (
        play(customers=8000, campaigns=[campaign | {"control_pct": percent}], **quiet) for percent in (0, 100)
    )
    assert np.array_equal(sent.life.contacts.person, held.life.contacts.person)
    return sent, held


def _margins(world: Played, since: int, until: int) -> NDArray[np.float64]:
    """Add up each person's margin of orders in the days since <= day <= until, home currency."""
    orders, persons = world.life.orders, world.scene.persons
    cost = orders.value_home * (1 - margin_share(world.scene, orders.person))
    counts = (orders.day >= since) & (orders.day <= until) & ~orders.is_cancelled
    return np.bincount(orders.person, (orders.paid_home - cost) * counts, minlength=len(persons))


def test_expected_profit_is_what_contacts_earn() -> None:
    sent, held = _sent_and_held(0.0)
    contacts, scene = sent.life.contacts, sent.scene
    day = int(scene.campaigns.starts[0])
    until = day + WINDOW + scene.profile.contacts.brought_forward_days + 1
    gained = (_margins(sent, day, until) - _margins(held, day, until)).sum() - contacts.cost_home.sum()
    active = held.life.left[contacts.person] >= contacts.day
    columns = (scene, contacts.person, contacts.campaign, contacts.channel)
    expected = expected_profit(*columns, contacts.delta, active).sum()
    at_stake = (contacts.delta * mean_value(scene, contacts.person)).sum()
    assert gained == pytest.approx(expected, abs=0.05 * at_stake)
    assert abs(gained) > 0.1 * at_stake


def test_expected_loss_of_leaving_is_the_margin_to_come() -> None:
    _, held = _sent_and_held(0.15)
    contacts, scene = held.life.contacts, held.scene
    day = int(scene.campaigns.starts[0])
    to_come = _margins(held, day + 1, day + scene.profile.contacts.leave_horizon_days)[contacts.person].sum()
    active = held.life.left[contacts.person] >= contacts.day
    columns = (scene, contacts.person, contacts.campaign, contacts.channel)
    certain, none = (expected_profit(*columns, np.full(len(contacts), change), active).sum() for change in (-1.0, 0.0))
    assert scene.profile.contacts.cancel_share == pytest.approx(0.3)
    assert (none - certain) == pytest.approx(to_come, rel=0.35)
    assert (none - certain) < to_come
