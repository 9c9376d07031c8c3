"""Money to the ten-thousandth, days in the company's own time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.macros.rendering import Render, load_macros

ROME = ZoneInfo("Europe/Rome")
moments = st.datetimes(datetime(1980, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(date(1900, 1, 1), date(2199, 12, 31))


def ask(engine: duckdb.DuckDBPyConnection, expression: str, *values: object) -> object:
    """Evaluate an expression over `$1`, `$2`, ..."""
    row = engine.execute(f"select {expression}", list(values)).fetchone()
    assert row is not None
    return row[0]


@settings(max_examples=50, deadline=None)
@given(
    amount=st.decimals(-10_000_000, 10_000_000, places=4),
    rate=st.decimals(Decimal("0.00000001"), 1_000, places=8),
)
def test_home_amount_is_rounded_half_away_from_zero(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, amount: Decimal, rate: Decimal
) -> None:
    expression = macros["to_home"]("cast($1 as decimal(18, 4))", f"cast($2 as {macros['type_rate']()})")

    assert ask(engine, expression, amount, rate) == (amount * rate).quantize(Decimal("0.0001"), ROUND_HALF_UP)


@settings(max_examples=50, deadline=None)
@given(moment=moments)
@example(moment=datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC))  # the hour that Rome skips
@example(moment=datetime(2024, 10, 27, 1, 30, tzinfo=UTC))  # the hour that Rome lives twice
@example(moment=datetime(2024, 12, 31, 23, 0, tzinfo=UTC))
def test_local_day_is_the_company_s_own(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, moment: datetime
) -> None:
    own = moment.astimezone(ROME).date()

    assert ask(engine, macros["local_date"]("cast($1 as timestamptz)"), moment) == own
    assert ask(engine, macros["event_date_key"]("cast($1 as timestamptz)"), moment) == int(own.strftime("%Y%m%d"))


@settings(max_examples=50, deadline=None)
@given(day=st.dates(date(1980, 1, 1), date(2037, 12, 31)))
@example(day=date(2024, 3, 31))
@example(day=date(2024, 10, 27))
def test_day_begins_at_the_company_s_own_midnight(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, day: date
) -> None:
    begins = ask(engine, macros["start_of_day"]("cast($1 as date)"), day)

    assert begins == datetime(day.year, day.month, day.day, tzinfo=ROME)


@pytest.mark.parametrize(("first_day", "first_weekday"), [("monday", 0), ("saturday", 5), ("sunday", 6)])
def test_week_starts_on_the_company_s_day(
    engine: duckdb.DuckDBPyConnection, first_day: str, first_weekday: int
) -> None:
    macros = load_macros(week_start=first_day)

    for day in (date(2024, 2, 26) + timedelta(days=n) for n in range(9)):
        into_week = (day.weekday() - first_weekday) % 7
        assert ask(engine, macros["business_day_of_week"]("cast($1 as date)"), day) == into_week + 1
        assert ask(engine, macros["week_start"]("cast($1 as date)"), day) == day - timedelta(days=into_week)


@settings(max_examples=40, deadline=None)
@given(first=days, last=days)
def test_days_between_counts_midnights(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, first: date, last: date
) -> None:
    expression = macros["days_between"]("cast($1 as date)", "cast($2 as date)")

    assert ask(engine, expression, first, last) == (last - first).days


@settings(max_examples=40, deadline=None)
@given(first=moments, last=moments)
def test_seconds_between_counts_whole_seconds(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, first: datetime, last: datetime
) -> None:
    expression = macros["seconds_between"]("cast($1 as timestamptz)", "cast($2 as timestamptz)")

    assert ask(engine, expression, first, last) == int((last - first) / timedelta(seconds=1))


@pytest.mark.parametrize("macro", ["event_date_key", "date_key_or_unknown"])
def test_no_moment_is_the_unknown_day(
    macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection, macro: str
) -> None:
    kind = "timestamptz" if macro == "event_date_key" else "date"

    assert ask(engine, macros[macro](f"cast(null as {kind})")) == -1


def test_a_product_too_large_for_money_is_null(macros: Mapping[str, Render], engine: duckdb.DuckDBPyConnection) -> None:
    product = macros["multiplied"]("cast($1 as decimal(18, 4))", "cast($2 as decimal(18, 4))")

    assert ask(engine, product, "99999999999", "99999999") is None
    assert ask(engine, product, "99999999999", "999") == Decimal(99899999999001)
