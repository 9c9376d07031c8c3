"""The persons of the world: identity, arrival and behaviour put together.

Belongs here: how many there are, when and from where they come. Does not belong here: who they are (`households`) and
what they want (`behaviour`).
"""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sources.companies.demo.backdrop import Campaigns, Persons
from sources.companies.demo.behaviour import behaviours
from sources.companies.demo.chance import Chance
from sources.companies.demo.codes import CHANNEL, OBJECTIVES
from sources.companies.demo.frame import draw_frame
from sources.companies.demo.households import identities
from sources.companies.demo.profile import Profile

Ints = NDArray[np.int64]

_OPENS, _CLOSES = 8 * 3600, 22 * 3600
_SEARCHES = 4


def draw_persons(profile: Profile, chance: Chance, campaigns: Campaigns) -> tuple[Persons, dict[str, pa.Array]]:
    """Draw everybody who arrives by the horizon.

    Returns:
        the persons, and what was planted among them, for the truth: is_twin, is_heir (a son with his father's
        name), namesake_of (person, -1 none).
    """
    count = profile.population.persons + _later(profile)
    frame = draw_frame(profile, chance, count)
    columns = identities(profile, chance, frame)
    planted = {name: pa.array(columns.pop(name)) for name in ("is_twin", "is_heir", "namesake_of")}
    columns |= behaviours(profile, chance, count)
    columns |= _arrivals(profile, chance, count, campaigns)
    return Persons(**columns), planted


def _later(profile: Profile) -> int:
    """Count those who arrive after the end, at the same rate as before it."""
    section = profile.population
    if section.arrival_days is not None:
        return 0
    return ceil(section.persons * (1 - section.share_on_day_one) / profile.days * profile.horizon_days)


def _arrivals(profile: Profile, chance: Chance, count: int, campaigns: Campaigns) -> dict[str, Any]:
    """Let persons arrive: a Poisson process, which given its count is uniform in time."""
    section, person = profile.population, np.arange(count)
    early = chance.flag(section.share_on_day_one, "person.on_day_one", person) & (person < section.persons)
    before = -1 - chance.integers(section.history_days, "person.registered", person)
    during = chance.integers(min(section.arrival_days or profile.days, profile.days), "person.arrived", person)
    after = profile.days + chance.integers(max(1, profile.horizon_days), "person.arrived", person)
    day = np.where(early, before, np.where(person < section.persons, during, after))
    second = _OPENS + chance.integers(_CLOSES - _OPENS, "person.arrived_second", person)
    columns: dict[str, Any] = {"arrived": day.astype(np.int32), "arrived_second": second.astype(np.int32)}
    columns["is_dormant"] = early & chance.flag(section.dormant_share, "person.dormant", person)
    at_once = chance.flag(section.buys_at_arrival_share, "person.buys_at_arrival", person)
    columns["buys_at_arrival"] = at_once & ~early
    return columns | _sources(profile, chance, day, campaigns)


def _sources(profile: Profile, chance: Chance, day: Ints, campaigns: Campaigns) -> dict[str, Any]:
    person = np.arange(len(day))
    weights = profile.population.sources.model_dump()
    drawn = chance.pick(list(weights.values()), "person.source", person)
    codes = np.array([CHANNEL.get(name, CHANNEL["other"]) for name in weights])
    source, kind = codes[drawn], np.array(list(weights), dtype=object)[drawn]
    campaign = np.full(len(day), -1)
    for code in np.flatnonzero(campaigns.objective == OBJECTIVES.index("acquire")):
        runs = (day >= campaigns.starts[code]) & (day <= campaigns.ends[code])
        campaign[(kind == "advertising") & runs] = code
    partner = chance.integers(profile.catalogue.partners, "person.partner", person)
    referrer = _referrers(chance, day, np.flatnonzero(kind == "referral"))
    return {
        "source": source.astype(np.int16),
        "source_campaign": campaign.astype(np.int16),
        "source_partner": np.where(kind == "partner", partner, -1).astype(np.int16),
        "source_referrer": referrer,
    }


def _referrers(chance: Chance, day: Ints, brought: Ints) -> Ints:
    """Find for each person brought by another one somebody who was there before."""
    referrer = np.full(len(day), -1, dtype=np.int64)
    for attempt in range(_SEARCHES):
        open_ = brought[referrer[brought] < 0]
        found = chance.integers(len(day), "person.referrer", open_, attempt)
        fits = day[found] < day[open_]
        referrer[open_[fits]] = found[fits]
    return referrer
