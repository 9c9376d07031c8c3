"""What a contact does to a person: the true effect on the chance of one extra order, and what that is worth.

Belongs here: the formula of the world, as pure functions of columns. Does not belong here: who is contacted
(`contacts`), what is written down (`truth`).

    delta = base_k x beta_i x match(taste_i, category_k) x affinity_ic x hour_ih x exp(-phi_i x contacts of the last
    28 days) x drift_k(t)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sources.companies.demo.codes import OFFERS
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

RECENT_DAYS = 28
_HOUR_SECONDS = 3600.0
_HOURS = 24.0


def delta(
    scene: Scene,
    person: Ints,
    campaign: ArrayLike,
    channel: ArrayLike,
    day: ArrayLike,
    second: ArrayLike,
    recent: ArrayLike,
) -> Reals:
    """Give the true effect of each contact.

    Args:
        scene: the world.
        person: number of the person.
        campaign: code.
        channel: code.
        day: day of the contact.
        second: second of that day by the company's own clock.
        recent: contacts of the person in the `RECENT_DAYS` before.

    Returns:
        Change of the chance of one extra order in the response window; negative: chance to leave or cancel.
    """
    section, persons, campaigns = scene.profile.contacts, scene.persons, scene.campaigns
    k = np.broadcast_to(np.asarray(campaign, dtype=np.int64), person.shape)
    way = np.broadcast_to(np.asarray(channel, dtype=np.int64), person.shape)
    aside = np.mod(np.asarray(second) / _HOUR_SECONDS - persons.hour_peak[person], _HOURS)
    hour = 1.0 + section.hour_amplitude * np.cos(2 * np.pi * aside / _HOURS)
    change = (
        campaigns.base_effect[k]
        * persons.contact_response[person]
        * match(scene, person, k)
        * persons.channel_affinity[person, way]
        * hour
        * np.exp(-persons.contact_fatigue[person] * np.asarray(recent))
        * np.exp(campaigns.drift[k] * (np.asarray(day) - campaigns.starts[k]) / RECENT_DAYS)
    )
    return np.asarray(np.clip(change, -section.largest_effect, section.largest_effect), dtype=np.float64)


def match(scene: Scene, person: Ints, campaign: Ints) -> Reals:
    """Give how well a campaign's category suits each person: his taste over the mean taste; 1 for no category."""
    category = scene.campaigns.category[campaign]
    taste = scene.persons.taste[person, np.maximum(category, 0)] * scene.persons.taste.shape[1]
    return np.asarray(np.where(category >= 0, np.minimum(taste, scene.profile.contacts.match_limit), 1.0))


def offer_cost(scene: Scene, campaign: ArrayLike, value: Reals) -> Reals:
    """Give what it costs the company when an order of this value redeems the campaign's offer, home currency."""
    k = np.broadcast_to(np.asarray(campaign, dtype=np.int64), value.shape)
    kind, worth = scene.campaigns.offer[k], scene.campaigns.offer_value[k]
    costs = {
        "discount_pct": value * worth / 100.0,
        "discount_amount": np.minimum(worth, value),
        "gift": worth,
        "points": worth * scene.profile.contacts.point_value,
        "information": np.zeros_like(value),
    }
    return np.asarray(np.select([kind == OFFERS.index(name) for name in costs], list(costs.values())))


def mean_value(scene: Scene, person: Ints) -> Reals:
    """Give the expected value of an order of each person: p / nu of gamma-gamma, home currency."""
    return np.asarray(scene.profile.buying.spend_shape / scene.persons.spend_rate[person])


def margin_share(scene: Scene, person: Ints) -> Reals:
    """Give the expected margin of each person's orders as a share of their value, by his taste."""
    costs = np.array([c.cost_share for c in scene.profile.catalogue.categories.values()])
    return np.asarray(1.0 - scene.persons.taste[person] @ costs)


def expected_profit(
    scene: Scene, person: Ints, campaign: ArrayLike, channel: ArrayLike, change: Reals, active: NDArray[np.bool_]
) -> Reals:
    """Give the expected profit of each contact with effect `change`, home currency.

    The margin of the extra orders that are not merely brought forward, less the offer that they and the orders of
    the own will in the window redeem, less the contact's cost; where the effect is negative, less the margin that
    the person would have brought in the horizon for leaving.
    """
    section = scene.profile.contacts
    k = np.broadcast_to(np.asarray(campaign, dtype=np.int64), person.shape)
    value = mean_value(scene, person)
    margin = value * margin_share(scene, person)
    rate = np.where(active, scene.persons.rate[person], 0.0) / 7.0
    anyway = rate * section.window_days
    has_next = -np.expm1(-rate * section.brought_forward_days)
    forward = scene.campaigns.forward_chance[k] * has_next
    redeemed = section.redeem_share * offer_cost(scene, k, value)
    gain, loss = np.maximum(change, 0.0), np.maximum(-change, 0.0)
    alive_days = _expected_days(scene, person, rate)
    cancels = section.cancel_share * has_next
    leaving = loss * ((1.0 - cancels) * alive_days * rate + cancels) * margin
    unit = scene.campaigns.unit_cost_home[k, np.asarray(channel, dtype=np.int64)]
    return np.asarray(gain * ((1.0 - forward) * margin - redeemed) - anyway * redeemed - leaving - unit)


def _expected_days(scene: Scene, person: Ints, rate: Reals) -> Reals:
    """Give the days that a buyer is expected to stay: he drops out as a Poisson process of rate p x rate."""
    horizon = scene.profile.contacts.leave_horizon_days
    leaves = np.maximum(scene.persons.dropout[person] * rate, 1e-9)
    return np.asarray(-np.expm1(-leaves * horizon) / leaves)
