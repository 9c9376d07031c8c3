"""A range of days taken in again: judged by what holds today, no other day touched, and no correction undone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dagster_project.ingestion.backfill import Days
from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.feed_run import FeedReport
from dagster_project.ingestion.loading import load_feed
from dagster_project.settings import StellaError
from tests.unit.ingestion.door import Door, order, orders

CHANNELS = "source_system,order_ref,line_number,product_ref,quantity,unit_price,ordered_at,channel"
MAPPED = "codes: {channel: {Sportello: store}}"


def _again(door: Door, first: str, last: str, feed: str = "order_lines") -> FeedReport:
    company = load_company(door.folder, door.contracts)
    days = Days(date.fromisoformat(first), date.fromisoformat(last))
    return load_feed(door.connection, door.settings, company, door.contracts[feed], days)


def _figures(report: FeedReport) -> tuple[int, int, int, int]:
    return report.rows_in, report.rows_accepted, report.rows_unchanged, report.rows_quarantined


def test_what_has_not_changed_is_not_taken_in_twice(door: Door) -> None:
    door.put("order.csv", orders(order("A"), order("B", quantity="x"), order("C", at="2024-01-06")))
    door.load()
    assert _figures(_again(door, "2024-01-05", "2024-01-06")) == (2, 0, 2, 0)
    assert len(door.rows("*")) == 2
    assert len(door.refused()) == 1


def test_a_file_of_other_days_is_not_said_to_be_empty(door: Door) -> None:
    door.put("order1.csv", orders(order("A")))
    door.put("order2.csv", orders(order("B", at="2024-03-05")))
    door.load()
    assert _again(door, "2024-01-05", "2024-01-06").warnings == []


def test_a_code_that_is_mapped_since_reaches_the_days_asked_for_and_no_other(door: Door) -> None:
    rows = [
        f"{order(ref, at=day)},Sportello"
        for ref, day in (("A", "2024-01-05"), ("B", "2024-01-06"), ("C", "2024-01-07"))
    ]
    door.put("order.csv", orders(*rows, header=CHANNELS))
    door.load()
    door.company(more=MAPPED)
    assert _figures(_again(door, "2024-01-06", "2024-01-06")) == (1, 1, 0, 0)
    newest = "select order_ref, arg_max(channel, _loaded_at) from raw.order_lines group by 1 order by 1"
    assert door.connection.execute(newest).fetchall() == [("A", "other"), ("B", "store"), ("C", "other")]


def test_a_row_that_was_refused_comes_in_when_it_holds_now(door: Door) -> None:
    door.company("  order_lines: {files: 'order*', decimal: '.'}")
    door.put("order.csv", orders(order("A", price='"1,5"'), order("B")))
    door.load()
    assert len(door.refused()) == 1
    door.company("  order_lines: {files: 'order*', decimal: ','}")
    report = _again(door, "2024-01-01", "2024-12-31")
    assert (report.rows_accepted, report.rows_quarantined) == (1, 0)
    assert {ref for (ref,) in door.rows("order_ref")} == {"A", "B"}


def test_an_older_file_does_not_undo_a_correction(door: Door) -> None:
    """Not the first time, and not the next, when the older file has been loaded later than the correction."""
    door.put("order2.csv", orders(f"{order('A', price='10')},Sportello", header=CHANNELS))
    door.load()
    door.put("order1.csv", orders(f"{order('A', price='12')},Sportello", header=CHANNELS))
    door.load()
    door.company(more=MAPPED)
    for _ in range(3):
        _again(door, "2024-01-05", "2024-01-05")
    newest = "select arg_max(net_amount::int, _loaded_at), arg_max(channel, _loaded_at), count(*) from raw.order_lines"
    assert door.connection.execute(newest).fetchall() == [(12, "store", 3)]


def test_new_files_are_loaded_whole(door: Door) -> None:
    door.put("order1.csv", orders(order("A")))
    door.load()
    door.put("order2.csv", orders(order("B", at="2020-01-01"), order("C")))
    _again(door, "2024-01-05", "2024-01-05")
    assert {ref for (ref,) in door.rows("order_ref")} == {"A", "B", "C"}


def test_the_day_is_the_companys(door: Door) -> None:
    door.put("order.csv", orders(f"{order('A', at='2024-01-05T23:30:00Z')},Sportello", header=CHANNELS))
    door.load()
    door.company(more=MAPPED)
    assert _again(door, "2024-01-05", "2024-01-05").rows_in == 0
    assert _again(door, "2024-01-06", "2024-01-06").rows_accepted == 1


def test_every_load_is_accounted_for(door: Door) -> None:
    door.put("order.csv", orders(f"{order('A')},Sportello", f"{order('B', quantity='x')},Sportello", header=CHANNELS))
    door.load()
    door.company(more=MAPPED)
    _again(door, "2024-01-05", "2024-01-05")
    sums = "select sum(rows_in), sum(rows_accepted), sum(rows_unchanged), sum(rows_quarantined) from raw._load"
    assert door.connection.execute(sums).fetchall() == [(3, 2, 0, 1)]
    assert (len(door.rows("*")), len(door.refused())) == (2, 1)


def test_a_file_that_went_away_is_passed_over(door: Door) -> None:
    path: Path = door.put("order1.csv", orders(order("A")))
    door.put("order2.csv", orders(order("B")))
    door.load()
    path.unlink()
    assert _figures(_again(door, "2024-01-05", "2024-01-05")) == (1, 0, 1, 0)


def test_feeds_without_days_and_ranges_without_one_are_refused(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  products: 'product*'")
    with pytest.raises(StellaError, match="its records are of no day"):
        _again(door, "2024-01-05", "2024-01-05", feed="products")
    with pytest.raises(StellaError, match="the range ends before it begins"):
        _again(door, "2024-01-06", "2024-01-05")
