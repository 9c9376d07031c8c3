"""What happens to everybody: the calendar's pull on demand, exchange rates, the load of the service teams.

Belongs here: series by day. Does not belong here: anything that differs between persons.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo.backdrop import Market
from sources.companies.demo.chance import Chance
from sources.companies.demo.codes import CURRENCIES
from sources.companies.demo.externals import daily_rate, day_number
from sources.companies.demo.holidays import calendar
from sources.companies.demo.profile import Profile

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]

BEFORE = 10
"""Days before the world's start for which the series are kept."""
AFTER = 200
"""Days beyond the horizon, so that what is under way can end."""
_DAY = 86_400


def draw_market(profile: Profile, chance: Chance) -> Market:
    """Draw all series from `BEFORE` days before the start to `AFTER` days beyond the horizon."""
    days = np.arange(-BEFORE, profile.horizon + AFTER)
    dates = [profile.start + timedelta(days=int(day)) for day in days]
    holidays = _holidays(profile, dates)
    weekday = np.array([d.weekday() for d in dates])
    return Market(
        first_day=-BEFORE,
        epoch=_midnights(profile, dates),
        demand=_demand(profile, chance, dates, weekday, holidays),
        season=_seasons(profile, dates),
        fx=_exchange(profile, chance, len(days)),
        is_holiday=holidays,
        service_load=1.0 + profile.market.service_peak * ((weekday == 0) - 0.3 * (weekday >= 5)),
    )


def instants(market: Market, day: Ints, second: Ints) -> Ints:
    """Turn days and seconds of the local clock into UTC instants; days outside of the series count on from its ends."""
    row = np.clip(day - market.first_day, 0, len(market.epoch) - 1)
    beyond = (day - market.first_day) - row
    return np.asarray(market.epoch[row] + beyond * _DAY + second, dtype=np.int64)


def days_of(market: Market, instant: Ints) -> Ints:
    """Give the local day on which an instant falls; before the series by days of 24 hours."""
    inside = np.searchsorted(market.epoch, instant, side="right") - 1 + market.first_day
    before = (instant - market.epoch[0]) // _DAY + market.first_day
    return np.asarray(np.where(instant < market.epoch[0], before, inside), dtype=np.int64)


def at_day(market: Market, series: NDArray[np.float64], day: Ints) -> Reals:
    """Read a series by day, held constant beyond its ends."""
    return np.asarray(series[np.clip(day - market.first_day, 0, len(series) - 1)])


def _midnights(profile: Profile, dates: list[date]) -> Ints:
    zone = ZoneInfo(profile.time_zone)
    return np.array([int(datetime(d.year, d.month, d.day, tzinfo=zone).timestamp()) for d in dates], dtype=np.int64)


def _holidays(profile: Profile, dates: list[date]) -> NDArray[np.bool_]:
    countries = list(profile.population.countries)
    years = range(dates[0].year, dates[-1].year + 1)
    public = {c: {day for y in years for day, _, is_public in calendar(c, y) if is_public} for c in countries}
    return np.array([[d in public[c] for c in countries] for d in dates])


def _demand(profile: Profile, chance: Chance, dates: list[date], weekday: Ints, holidays: NDArray[np.bool_]) -> Reals:
    market, countries = profile.market, list(profile.population.countries)
    by_weekday = np.array(market.weekday) / np.mean(market.weekday)
    by_month = np.array(market.month) / np.mean(market.month)
    days = np.arange(len(dates)) - BEFORE
    trend = (1.0 + market.trend_per_year) ** (np.maximum(days, 0) / 365.25)
    week = np.array([day_number(d) + 3 for d in dates]) // 7
    wobble = np.exp(market.wobble * chance.normal("market.week", week) - market.wobble**2 / 2)
    demand = by_weekday[weekday] * by_month[[d.month - 1 for d in dates]] * trend * wobble
    if market.home_country in countries:
        closed = holidays[:, countries.index(market.home_country)]
        demand = np.where(closed, demand * market.holiday_factor, demand)
    return np.asarray(demand)


def _seasons(profile: Profile, dates: list[date]) -> Reals:
    of_year = np.array([d.timetuple().tm_yday for d in dates]) / 365.25
    categories = profile.catalogue.categories.values()
    peaks = np.array([(c.season_peak - 0.5) / 12 for c in categories])
    strength = np.array([c.season_strength for c in categories])
    return np.asarray(1.0 + strength * np.cos(2 * np.pi * (of_year[:, None] - peaks)))


def _exchange(profile: Profile, chance: Chance, count: int) -> Reals:
    """Give each currency's value; a currency that the profile does not know has none."""
    start = day_number(profile.start) - BEFORE
    known = sorted(profile.externals.currencies.items())
    drawn = {code: daily_rate(chance, quote, row, start, count) for row, (code, quote) in enumerate(known)}
    drawn[profile.home_currency] = np.ones(count)
    return np.column_stack([drawn.get(code, np.full(count, np.nan)) for code in CURRENCIES])
