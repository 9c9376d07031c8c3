"""What each person wants: buying, tastes, channels, hours, and how contacts move him. Nobody can see these columns.

Belongs here: latent parameters. Does not belong here: what comes of them (`purchases`, `contacts`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo.chance import Chance
from sources.companies.demo.codes import CHANNEL, CHANNELS
from sources.companies.demo.profile import Profile

Ints = NDArray[np.int64]

_HOURS = 24


def behaviours(profile: Profile, chance: Chance, persons: int) -> dict[str, Any]:
    """Draw the behaviour columns of `backdrop.Persons` (but for `is_dormant` and `buys_at_arrival`)."""
    person = np.arange(persons)
    archetype = chance.pick([a.share for a in profile.buying.archetypes.values()], "person.archetype", person)
    return (
        {"archetype": archetype.astype(np.int16)}
        | _buying(profile, chance, person)
        | _tastes(profile, chance, person, archetype)
        | _contact_response(profile, chance, person)
    )


def _buying(profile: Profile, chance: Chance, person: Ints) -> dict[str, Any]:
    """Draw lambda and p of BG/NBD (Fader, Hardie and Lee 2005) and nu of gamma-gamma (Fader and Hardie 2013)."""
    buying = profile.buying
    return {
        "rate": chance.gamma(buying.rate_shape, "person.rate", person) / buying.rate_scale,
        "dropout": chance.beta(buying.dropout_a, buying.dropout_b, "person.dropout", person),
        "spend_rate": chance.gamma(buying.spend_mean_shape, "person.spend", person) / buying.spend_scale,
    }


def _tastes(profile: Profile, chance: Chance, person: Ints, archetype: Ints) -> dict[str, Any]:
    buying = profile.buying
    weights = np.array(
        [[a.tastes.get(name, 1.0) for name in profile.catalogue.categories] for a in buying.archetypes.values()]
    )
    shapes = weights / weights.sum(axis=1, keepdims=True) * buying.taste_concentration
    ways = np.array([list(profile.orders.channels.values())])
    hour = buying.hour_peak * _HOURS + buying.hour_spread * chance.normal("person.hour", person)
    return {
        "taste": chance.dirichlet(shapes, archetype, "person.taste", person).astype(np.float32),
        "order_channel": chance.dirichlet(ways, np.zeros_like(person), "person.ways", person).astype(np.float32),
        "hour_peak": np.mod(hour, _HOURS),
    }


def _contact_response(profile: Profile, chance: Chance, person: Ints) -> dict[str, Any]:
    """Draw beta_i, phi_i and the affinity to each channel."""
    section = profile.contacts
    size = chance.gamma(section.response_shape, "person.response", person) / section.response_shape
    against = chance.flag(section.negative_share, "person.against", person)
    affinity = np.zeros((len(person), len(CHANNELS)), dtype=np.float32)
    for name, cost in section.channels.items():
        own = chance.gamma(section.affinity_concentration, f"person.affinity.{name}", person)
        affinity[:, CHANNEL[name]] = cost.effect * own / section.affinity_concentration
    return {
        "contact_response": np.where(against, -section.negative_scale * size, size),
        "contact_fatigue": section.fatigue * chance.exponential("person.fatigue", person),
        "channel_affinity": affinity,
    }
