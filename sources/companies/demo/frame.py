"""The frame of the population: households, how many live in each, where, and which language they speak.

Belongs here: which person belongs to which household. Does not belong here: who the person is (`households`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo import names
from sources.companies.demo.chance import Chance
from sources.companies.demo.profile import Profile

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Frame:
    """Which household each person belongs to, at which place, and of what kind it is."""

    household: Ints
    place: Ints
    size: Ints
    is_organisation: Flags
    head: Ints
    country: Ints
    language: Ints


def draw_frame(profile: Profile, chance: Chance, persons: int) -> Frame:
    """Fill households of drawn sizes until all persons have one; members are neighbours."""
    section = profile.population
    numbers = np.arange(persons)  # one household a person is enough
    business = chance.flag(section.organisation_share, "household.organisation", numbers)
    size = np.where(business, 1, 1 + chance.pick(section.household_sizes, "household.size", numbers))
    count = int(np.searchsorted(np.cumsum(size), persons)) + 1
    household = np.repeat(numbers[:count], size[:count])[:persons]
    first = np.concatenate(([0], np.cumsum(size[:count])[:-1]))
    head = first[household]
    size = np.minimum(size[household], persons - head)
    shares = [c.share for c in section.countries.values()]
    country = chance.pick(shares, "household.country", numbers[:count])
    language = np.zeros(count, dtype=np.int64)
    for code, spoken in enumerate(c.languages for c in section.countries.values()):
        codes = np.array([names.LANGUAGES.index(name) for name in spoken])
        own = country == code
        language[own] = codes[chance.pick(list(spoken.values()), "household.language", np.flatnonzero(own))]
    return Frame(household, numbers - head, size, business[household], head, country[household], language[household])
