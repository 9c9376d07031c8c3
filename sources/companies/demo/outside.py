"""The world outside as feeds: puts the scene's figures into `externals`.

Belongs here: choosing what `externals` is given. Does not belong here: how its figures are drawn.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from sources.companies.demo import externals, names
from sources.companies.demo.registry import POSTCODES, postcodes
from sources.companies.demo.scene import Parts, Scene

_PEOPLE_NEEDED = 1


def outside(scene: Scene) -> Parts:
    """Make the four external feeds up to `scene.until`."""
    profile, chance = scene.profile, scene.chance
    last = profile.start + timedelta(days=scene.until - 1)
    month = np.arange(12)
    seasons = {
        name: 1.0 + c.season_strength * np.cos(2 * np.pi * (month + 1 - c.season_peak) / 12)
        for name, c in profile.catalogue.categories.items()
    }
    regions = list(profile.population.countries)
    area, wealth = _wealth(scene)
    country = np.array(names.cities().country)[area // POSTCODES]
    postcode = np.array(postcodes().to_pylist())[area]
    return Parts(
        {
            "exchange_rates": [externals.exchange_rates(scene.market, profile.start, last)],
            "market_benchmarks": [
                externals.market_benchmarks(chance, profile.externals, seasons, regions, profile.start, last)
            ],
            "area_demographics": [externals.area_demographics(chance, profile.externals, country, postcode, wealth)],
            "calendar_events": [externals.calendar_events(profile.externals, profile.start, last)],
        }
    )


def _wealth(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Give the areas in which persons live, and the mean logarithm of their expected order value."""
    persons = scene.persons
    area = persons.city.astype(np.int64) * POSTCODES + persons.street % POSTCODES
    count = np.bincount(area)
    total = np.bincount(area, -np.log(persons.spend_rate))
    known = np.flatnonzero(count >= _PEOPLE_NEEDED)
    return known, total[known] / count[known]
