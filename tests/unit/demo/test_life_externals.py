from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from sources.companies.demo.chance import Chance
from sources.companies.demo.externals import area_demographics, daily_rate, day_number, market_benchmarks
from sources.companies.demo.holidays import COUNTRIES, calendar, easter_sunday, nth_weekday
from sources.companies.demo.profile_feeds import Currency, Externals
from tests.unit.demo.life_world import default_world

CHANCE = Chance(7)
CURRENCY = Currency(rate=1.17, daily_volatility=0.004, return_rate=0.01)


def test_no_rate_is_quoted_on_a_weekend() -> None:
    rates = default_world().feeds["exchange_rates"]
    weekday = rates["rate_date"].map(lambda day: day.weekday())
    assert set(weekday) == {0, 1, 2, 3, 4}
    assert set(rates["currency"]) == {"GBP", "CHF"}
    start = default_world().scene.profile.start
    assert rates["rate_date"].min() < start, "the first day of the world has a rate"


def test_rates_are_those_at_which_the_world_trades() -> None:
    scene = default_world().scene
    rates = default_world().feeds["exchange_rates"]
    pounds = rates[rates["currency"] == "GBP"]
    days = np.array([(day - scene.profile.start).days for day in pounds["rate_date"]])
    assert pounds["rate_to_home"].to_numpy() == pytest.approx(
        scene.market.fx[days - scene.market.first_day, 1], abs=1e-6
    )


def test_a_rate_walks_and_returns_to_its_mean() -> None:
    rate = daily_rate(CHANCE, CURRENCY, 0, 0, 20_000)
    steps = np.diff(np.log(rate))
    assert steps.std() == pytest.approx(CURRENCY.daily_volatility, rel=0.05)
    assert np.log(rate / CURRENCY.rate).mean() == pytest.approx(0, abs=0.02)
    spread = CURRENCY.daily_volatility / np.sqrt(1 - (1 - CURRENCY.return_rate) ** 2)
    assert np.log(rate).std() == pytest.approx(spread, rel=0.15)


def test_a_longer_world_has_the_same_rates_at_first() -> None:
    assert daily_rate(CHANCE, CURRENCY, 0, 0, 300)[:100] == pytest.approx(daily_rate(CHANCE, CURRENCY, 0, 0, 100))


@pytest.mark.parametrize(("share", "expected"), [(1.0, 1.0), (0.0, 0.0)])
def test_the_market_follows_the_company_as_told(share: float, expected: float) -> None:
    season = 1 + 0.5 * np.cos(2 * np.pi * (np.arange(12) - 5) / 12)
    externals = Externals(demand_correlation=share, market_noise=0.001, market_growth_per_year=0.0)
    table = market_benchmarks(CHANCE, externals, {"a": season}, ["IT"], date(2020, 1, 1), date(2024, 12, 31))
    index = table.to_pandas().query("metric == 'market_index'").sort_values("period_start")["value"].to_numpy()
    own = np.tile(season, 5)
    others = np.tile(1 + 0.1 * np.cos(2 * np.pi * (np.arange(12) - 11) / 12), 5)
    assert np.corrcoef(np.log(index), np.log(own if expected else others))[0, 1] > 0.999


def test_a_benchmark_is_known_only_after_its_month() -> None:
    table = default_world().feeds["market_benchmarks"]
    start = default_world().scene.profile.start
    month = np.array([(day - start).days for day in table["period_start"]])
    lag = default_world().scene.profile.externals.reporting_lag_days
    assert (table["_day"].to_numpy() >= month + 28 + lag).all()
    assert not table.duplicated(["metric", "period_start", "region", "category"]).any()


def test_incomes_follow_spending_as_told() -> None:
    count = 4000
    wealth = CHANCE.normal("test.wealth", np.arange(count))
    country, postcode = np.full(count, "IT"), np.arange(count).astype(str)
    externals = Externals(income_demand_correlation=0.5, income_spread=0.25)
    income = area_demographics(CHANCE, externals, country, postcode, wealth).to_pandas()["median_income"]
    assert np.corrcoef(np.log(income), wealth)[0, 1] == pytest.approx(0.5, abs=0.04)
    assert np.log(income).std() == pytest.approx(0.25, rel=0.05)


def test_easter_and_what_hangs_on_it() -> None:
    assert [easter_sunday(year) for year in (2000, 2024, 2025, 2026, 2038)] == [
        date(2000, 4, 23), date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2038, 4, 25),
    ]  # fmt: skip
    assert (date(2025, 5, 29), "Auffahrt", True) in calendar("CH", 2025)
    assert (date(2025, 4, 21), "Lunedì dell'Angelo", True) in calendar("IT", 2025)
    assert (date(2025, 6, 9), "Pfingstmontag", True) in calendar("DE", 2025)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2022, 1, 3), "New Year's Day"),  # the 1st was a Saturday
        (date(2022, 12, 26), "Boxing Day"),
        (date(2022, 12, 27), "Christmas Day"),  # the 25th was a Sunday
        (date(2021, 12, 27), "Christmas Day"),  # the 25th was a Saturday
        (date(2021, 12, 28), "Boxing Day"),
        (date(2020, 12, 28), "Boxing Day"),  # the 26th was a Saturday
        (date(2025, 5, 5), "Early May bank holiday"),
        (date(2025, 8, 25), "Summer bank holiday"),
    ],
)
def test_british_holidays_move_off_the_weekend(day: date, name: str) -> None:
    assert (day, name, True) in calendar("GB", day.year)


def test_a_saint_is_a_holiday_since_the_law_says_so() -> None:
    names = {year: {name for _, name, _ in calendar("IT", year)} for year in (2025, 2026)}
    assert "San Francesco d'Assisi" in names[2026] - names[2025]


def test_days_of_trade_are_no_holidays() -> None:
    assert (nth_weekday(2025, 11, 4, 4), "Black Friday", False) in calendar("FR", 2025)
    assert nth_weekday(2025, 11, 4, 4) == date(2025, 11, 28)
    assert nth_weekday(2024, 12, 6, -1) == date(2024, 12, 29)


def test_every_country_has_the_days_of_the_world_and_the_year_after() -> None:
    events = default_world().feeds["calendar_events"]
    assert set(events["country"]) == set(COUNTRIES)
    assert {day.year for day in events["event_date"]} == {2024, 2025, 2026, 2027}
    assert not events.duplicated(["country", "event_date", "name"]).any()
    assert day_number(date(1970, 1, 2)) == 1
