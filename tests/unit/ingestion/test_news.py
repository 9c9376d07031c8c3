"""Whether a run would find a file that no run has tried."""

from __future__ import annotations

import os

import pytest

from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.news import has_news
from tests.unit.ingestion.door import Door, order, orders


def _news(door: Door) -> bool:
    return has_news(door.connection, door.settings, load_company(door.folder, door.contracts))


@pytest.fixture
def loaded(door: Door) -> Door:
    door.put("orders.csv", orders(order("A1")))
    assert _news(door)
    door.load()
    assert not _news(door)
    return door


def test_a_new_file_is_news(loaded: Door) -> None:
    loaded.put("orders2.csv", orders(order("A2")))
    assert _news(loaded)


def test_a_changed_file_is_news_and_the_same_content_under_another_time_is_none(loaded: Door) -> None:
    path = loaded.put("orders.csv", orders(order("A1")))
    os.utime(path, (1, 1))
    assert not _news(loaded)
    loaded.put("orders.csv", orders(order("A1", quantity="2")))
    assert _news(loaded)


def test_a_file_that_goes_away_is_none(loaded: Door) -> None:
    (loaded.landing / "orders.csv").unlink()
    assert not _news(loaded)


def test_a_file_set_aside_is_news_only_when_it_changes(loaded: Door) -> None:
    loaded.put("orders_bad.csv", "not,the,columns\n1,2,3\n")
    assert _news(loaded)
    assert loaded.load().set_aside
    assert not _news(loaded)
    loaded.put("orders_bad.csv", orders(order("B1")))
    assert _news(loaded)


def test_a_query_is_always_news(loaded: Door) -> None:
    loaded.company("  order_lines: 'order*'\n  customers:\n    query: select 1\n    connection: SHOP_DSN")
    assert _news(loaded)


def test_before_the_first_load_everything_is(door: Door) -> None:
    door.connection.execute("drop table raw._load")
    assert _news(door)
