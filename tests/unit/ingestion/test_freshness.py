"""A live feed whose newest record is older than its contract promises is told of; a historical one is not."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.freshness import Freshness, freshness
from dagster_project.ingestion.ingest import ingest
from tests.unit.ingestion.door import Door, order, orders

LATE = "the newest ordered_at is of 2024-01-05 11:00 UTC, 3 days old, and the contract promises 2 days"  # a day of CET


def look(door: Door, feed: str = "order_lines", as_of: date | None = date(2024, 1, 9)) -> Freshness | None:
    return freshness(door.connection, door.contracts[feed], load_company(door.folder, door.contracts), as_of)


def deliver(door: Door, at: str = "2024-01-05 12:00:00") -> None:
    door.put("orders.csv", orders(order("A0", at="2024-01-01"), order("A1", at=at)))
    door.load()


@pytest.mark.parametrize(("day", "is_late"), [(6, False), (7, False), (8, True)])
def test_age_is_taken_at_the_beginning_of_the_run_s_day(door: Door, day: int, is_late: bool) -> None:
    deliver(door)
    fresh = look(door, as_of=date(2024, 1, day))
    assert fresh is not None
    assert fresh.is_late is is_late


def test_without_a_day_the_clock_counts(door: Door) -> None:
    now = datetime.now(UTC)
    deliver(door, f"{now - timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}")
    fresh = look(door, as_of=None)
    assert fresh is not None
    assert not fresh.is_late
    assert timedelta(hours=5) <= fresh.age < timedelta(hours=6)


def test_late_is_said_with_figures(door: Door) -> None:
    deliver(door)
    fresh = look(door)
    assert fresh is not None
    assert fresh.sentence == LATE


def test_a_historical_company_promises_nothing(door: Door) -> None:
    door.company(more="calendar: historical")
    deliver(door)
    assert look(door) is None


def test_what_was_never_loaded_and_what_promises_nothing_is_not_late(door: Door) -> None:
    assert look(door) is None
    assert look(door, "stores") is None


def test_where_no_row_is_dated_the_file_s_time_counts(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  products: 'products*'")
    path = door.put("products.csv", "product_ref\np1\n")
    moment = datetime(2024, 1, 5, 12, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    door.load("products")
    fresh = look(door, "products", date(2024, 3, 1))
    assert fresh is not None
    assert fresh.sentence.startswith("its newest file is of 2024-01-05 12:00 UTC, 55 days old")


def test_a_day_counts_to_its_end(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  exchange_rates: 'rates*'")
    door.put("rates.csv", "currency,rate_date,rate_to_home\nUSD,2024-01-04,0.9\n")
    door.load("exchange_rates")
    fresh = look(door, "exchange_rates")
    assert fresh is not None
    assert fresh.age == timedelta(days=4)
    assert not fresh.is_late


def test_a_run_without_anything_new_still_says_it(door: Door) -> None:
    door.knobs["as_of"] = date(2024, 1, 9)
    door.put("orders.csv", orders(order("A1", at="2024-01-05 12:00:00")))
    company = load_company(door.folder, door.contracts)
    for _ in range(2):
        (outcome,) = ingest(door.connection, door.settings, company, door.contracts, ["order_lines"])
        assert outcome.breaches == [LATE]
    assert outcome.batch is None
