"""The world outside the company: exchange rates, market benchmarks, area demographics and the calendar.

Belongs here: figures that the company buys or reads, correlated with its demand as the profile says. Does not belong
here: the company's own demand (`purchases`) or what the calendar's days are (`holidays`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.signal import lfilter

from sources.companies.demo.backdrop import Market
from sources.companies.demo.chance import Chance
from sources.companies.demo.codes import CURRENCIES
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.holidays import calendar
from sources.companies.demo.profile_feeds import Currency, Externals

Days = NDArray[np.int64]
Reals = NDArray[np.float64]

_EPOCH = date(1970, 1, 1)
_YEAR = 365.25
# mean and standard deviation of a month's figure for the whole market
_LEVELS = {"churn_rate": (0.024, 0.003), "customer_satisfaction": (3.9, 0.08), "average_order_value": (58.0, 2.5)}


def day_number(day: date) -> int:
    """Count the days from 1970-01-01."""
    return (day - _EPOCH).days


def exchange_rates(market: Market, first: date, last: date) -> pa.Table:
    """Quote each foreign currency on each working day from before `first` to `last`, so that day one has a rate.

    The market moves on Saturdays and Sundays too (`Market.fx`): 'the last known rate' is an estimate with an error.
    """
    start = day_number(first) + market.first_day
    days = np.arange(start, day_number(last) + 1)
    quoted = np.flatnonzero((days + 3) % 7 < 5)  # 1970-01-01 was a Thursday; Monday is 0
    is_foreign = ~np.isnan(market.fx).any(axis=0) & (market.fx != 1.0).any(axis=0)
    foreign = np.flatnonzero(is_foreign)
    code, row = (part.ravel() for part in np.meshgrid(foreign, quoted, indexing="ij"))
    return feed_table(
        "exchange_rates",
        days[row] - day_number(first),
        currency=np.array(CURRENCIES)[code],
        rate_date=days[row],
        rate_to_home=np.round(market.fx[row, code], 6),
    )


def daily_rate(chance: Chance, currency: Currency, number: int, start: int, count: int) -> Reals:
    """Draw the home-currency value of one unit for `count` days from day `start`; the walk begins at the mean."""
    shocks = currency.daily_volatility * chance.normal("externals.rate", number, np.arange(start, start + count))
    walk = lfilter([1.0], [1.0, -(1.0 - currency.return_rate)], shocks)
    return np.asarray(currency.rate * np.exp(walk))


def market_benchmarks(
    chance: Chance, externals: Externals, seasons: Mapping[str, Reals], regions: Sequence[str], first: date, last: date
) -> pa.Table:
    """Report the market by month: an index by category and region, and three levels by region.

    Args:
        chance: the world's chance.
        externals: the profile's section.
        seasons: the company's own season by category: 12 factors, January first, mean 1.
        regions: regions that the market researcher covers, countries by ISO code.
        first: first day of the world; a month counts when its first day lies in the world.
        last: last day of the world; a month is published `reporting_lag_days` after its end.
    """
    months = _months(first, last)
    grid = [(r, c, m) for r in range(len(regions)) for c in range(len(seasons)) for m in range(len(months))]
    region, category, month = np.array(grid, dtype=np.int64).reshape(-1, 3).T
    names = np.array(sorted(seasons), dtype=object)
    own = np.log(np.array([seasons[name] for name in names]).reshape(-1, 12))
    starts = np.array([day_number(m) for m in months])
    in_year = np.array([m.month - 1 for m in months])
    others = np.log(1 + 0.1 * np.cos(2 * np.pi * (in_year - 11) / 12))  # the trade as a whole has its peak in December
    share = externals.demand_correlation
    level = (
        share * own[category, in_year[month]]
        + (1 - share) * others[month]
        + externals.market_growth_per_year * (starts[month] - starts[0]) / _YEAR
        + externals.market_noise * chance.normal("externals.market", region, category, starts[month])
    )
    index = _benchmark(externals, "market_index", months, month, np.array(regions)[region], names[category],
                       np.round(100 * np.exp(level), 2), day_number(first))  # fmt: skip
    levels = [
        _level_table(chance, externals, number, regions, months, day_number(first)) for number in range(len(_LEVELS))
    ]
    return pa.concat_tables([index, *levels])


def _level_table(
    chance: Chance, externals: Externals, number: int, regions: Sequence[str], months: list[date], origin: int
) -> pa.Table:
    metric, (mean, spread) = list(_LEVELS.items())[number]
    region, month = (part.ravel() for part in np.indices((len(regions), len(months))))
    starts = np.array([day_number(m) for m in months])
    values = mean + spread * chance.normal("externals.level", number, region, starts[month])
    everything = np.full(len(values), "all", dtype=object)
    return _benchmark(
        externals, metric, months, month, np.array(regions)[region], everything, np.round(values, 4), origin
    )


def _benchmark(
    externals: Externals,
    metric: str,
    months: list[date],
    month: Days,
    region: NDArray[np.str_],
    category: NDArray[np.object_],
    value: Reals,
    origin: int,
) -> pa.Table:
    ends = np.array([day_number((m + timedelta(days=32)).replace(day=1)) for m in months])
    return feed_table(
        "market_benchmarks",
        ends[month] + externals.reporting_lag_days - origin,
        metric=np.full(len(value), metric),
        period_start=np.array([day_number(m) for m in months])[month],
        region=region,
        category=category,
        value=value,
    )


def _months(first: date, last: date) -> list[date]:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    numbers = [first.year * 12 + first.month - 1 + step for step in range(count)]
    months = [date(number // 12, number % 12 + 1, 1) for number in numbers]
    return [month for month in months if month >= first]


def area_demographics(
    chance: Chance,
    externals: Externals,
    country: NDArray[np.str_],
    postcode: NDArray[np.str_],
    wealth: Reals,
    published: int = 0,
) -> pa.Table:
    """Describe areas: households, median income, and shares of age groups and home owners.

    Args:
        chance: the world's chance.
        externals: the profile's section.
        country: ISO code of each area.
        postcode: postcode of each area; with `country` the key.
        wealth: mean of the logarithm of spend of the area's persons; any scale, it is standardised here.
        published: day of the world on which the table is delivered.
    """
    key = np.arange(len(postcode))
    share = externals.income_demand_correlation
    scale = np.std(wealth) or 1.0
    score = share * (wealth - np.mean(wealth)) / scale
    score = score + np.sqrt(1 - share**2) * chance.normal("externals.income", key)
    usual = {"IT": 29_500, "GB": 36_000, "CH": 72_000, "DE": 34_500, "FR": 31_500}
    base = np.array([usual.get(code, 30_000) for code in country])
    under_30 = np.round(0.18 + 0.16 * chance.uniform("externals.young", key), 3)
    over_65 = np.round(0.14 + 0.16 * chance.uniform("externals.old", key), 3)
    owners = np.round(np.clip(0.55 + 0.12 * score, 0.1, 0.95), 3)
    attributes = [
        json.dumps({"share_under_30": float(young), "share_over_65": float(old), "share_home_owners": float(own)})
        for young, old, own in zip(under_30, over_65, owners, strict=True)
    ]
    return feed_table(
        "area_demographics",
        np.full(len(key), published),
        country=country,
        postcode=postcode,
        households=np.round(np.exp(7.6 + 0.7 * chance.normal("externals.households", key))).astype(np.int64),
        median_income=np.round(base * np.exp(externals.income_spread * score), -2),
        attributes=attributes,
    )


def calendar_events(externals: Externals, first: date, last: date) -> pa.Table:
    """List the holidays and commercial days of the years that the world touches, and of the year after.

    A year's calendar is delivered on the 1st of October before it; those of the first year on day one.
    """
    rows = [
        (max(0, day_number(date(year - 1, 10, 1)) - day_number(first)), country, day_number(day), name, public)
        for year in range(first.year, last.year + 2)
        for country in externals.countries
        for day, name, public in calendar(country, year)
    ]
    delivered, country, day, name, public = zip(*rows, strict=True)
    return feed_table(
        "calendar_events",
        np.array(delivered),
        country=list(country),
        event_date=np.array(day),
        name=list(name),
        is_public_holiday=list(public),
    )
