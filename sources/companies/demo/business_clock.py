"""The clock of the service teams: it runs while they are open and stands still at night, on Sundays and on holidays.

Belongs here: when the teams work, and by when so much of their time has passed. Does not belong here: how long a case
takes (`aftercare`, `cases`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.companies.demo.backdrop import Market
from sources.companies.demo.codes import Flags, Ints, Reals
from sources.companies.demo.market import days_of, instants
from sources.companies.demo.profile import Profile
from sources.companies.demo.profile_life import WEEKDAYS

_HOUR = 3600
_MONDAY = 4  # 1970-01-05, in days since 1970


@dataclass(frozen=True)
class BusinessClock:
    """Business time of each day of the market's series.

    Attributes:
        opens: second of the local day. passed: business seconds before each day begins; one more than there are days.
    """

    market: Market
    opens: Ints
    passed: Ints

    def read(self, at: Ints) -> Ints:
        """Give the business seconds that have passed at each instant."""
        day = np.clip(days_of(self.market, at) - self.market.first_day, 0, len(self.opens) - 1)
        begun = at - self.market.epoch[day] - self.opens[day]
        return np.asarray(self.passed[day] + np.clip(begun, 0, np.diff(self.passed)[day]))

    def is_open(self, at: Ints) -> Flags:
        """Tell whether the teams are at work."""
        return np.asarray(self.read(at + 1) > self.read(at))

    def after(self, at: Ints, hours: Reals) -> Ints:
        """Give the instant by which so many business hours more have passed; after 0 hours, when they next work."""
        target = self.read(at) + (hours * _HOUR).astype(np.int64)
        row = np.clip(np.searchsorted(self.passed, target, side="right") - 1, 0, len(self.opens) - 1)
        second = self.opens[row] + target - self.passed[row]
        return instants(self.market, row + self.market.first_day, second)


def business_clock(profile: Profile, market: Market) -> BusinessClock:
    """Set the clock by the profile's hours and the public holidays of the home country."""
    start = np.datetime64(profile.start, "D").astype(np.int64)
    weekday = (start + market.first_day + np.arange(len(market.epoch)) - _MONDAY) % len(WEEKDAYS)
    hours = np.array([profile.service.open_hours.get(name, (0.0, 0.0)) for name in WEEKDAYS])
    opens, closes = ((hours[weekday, end] * _HOUR).astype(np.int64) for end in (0, 1))
    countries = list(profile.population.countries)
    if profile.market.home_country in countries:
        closes = np.where(market.is_holiday[:, countries.index(profile.market.home_country)], opens, closes)
    return BusinessClock(market, opens, np.concatenate(([0], np.cumsum(closes - opens))))
