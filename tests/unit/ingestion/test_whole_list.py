"""Deliveries that are the whole list: what one lacks is gone, unless it lacks too much or cannot be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.contracts import Contract
from dagster_project.ingestion.ingest import FeedOutcome, ingest
from dagster_project.settings import StellaError
from tests.unit.ingestion.door import Door

FEEDS = "  order_lines: 'order*'\n  customers: {files: 'customers*', delivery: full}"
STATE = """
select customer_ref, city, coalesce(is_deleted, false) from raw.customers
qualify row_number() over (
    partition by source_system, customer_ref
    order by updated_at desc nulls last, _loaded_at desc, _file desc, _line desc
) = 1 order by all
"""


@pytest.fixture
def shop(door: Door) -> Door:
    door.company(FEEDS)
    return door


def listed(*rows: str, header: str = "source_system,customer_ref,updated_at,city") -> str:
    return "\n".join([header, *rows]) + "\n"


def row(ref: str, day: int = 1, city: str = "Rome", system: str = "crm") -> str:
    return f"{system},{ref},2024-01-{day:02}T00:00:00Z,{city}"


def state(door: Door) -> list[tuple[Any, ...]]:
    return door.connection.execute(STATE).fetchall()


def test_what_the_list_lacks_is_deleted_as_of_the_newest_change_that_it_tells_of(shop: Door) -> None:
    shop.put("customers_1.csv", listed(row("a"), row("b")))
    assert shop.load("customers").vanished.rows == 0
    shop.put("customers_2.csv", listed(row("a", 9, "Turin")))
    report = shop.load("customers")
    assert (report.vanished.known, report.vanished.rows) == (2, 1)
    assert state(shop) == [("a", "Turin", False), ("b", "Rome", True)]
    gone = "select updated_at::date::text, _file, _line from raw.customers where is_deleted"
    assert shop.connection.execute(gone).fetchall() == [("2024-01-09", "customers_2.csv", 0)]


def test_a_list_that_says_the_same_again_changes_nothing(shop: Door) -> None:
    shop.put("customers_1.csv", listed(row("a"), row("b")))
    shop.put("customers_2.csv", listed(row("a")))
    shop.put("customers_3.csv", listed(row("a")) + "\n")
    shop.load("customers")
    assert len(shop.rows("_file", "customers")) == 3
    assert state(shop) == [("a", "Rome", False), ("b", "Rome", True)]


def test_what_comes_back_is_there_again_though_nothing_about_it_has_changed(shop: Door) -> None:
    for number, rows in enumerate([(row("a"), row("b")), (row("a", 3),), (row("a", 3), row("b")), (row("a", 4),)]):
        shop.put(f"customers_{number}.csv", listed(*rows))
        shop.load("customers")
        assert {ref: gone for ref, _, gone in state(shop)}["b"] is (number in (1, 3))


def test_what_the_source_itself_deleted_stays_deleted(shop: Door) -> None:
    header = "source_system,customer_ref,updated_at,city,is_deleted"
    shop.put("customers_1.csv", listed(row("a") + ",", row("b") + ",true", header=header))
    shop.load("customers")
    shop.put("customers_2.csv", listed(row("a") + ",", row("b") + ",true", header=header) + "\n")
    assert shop.load("customers").vanished.rows == 0
    assert state(shop) == [("a", "Rome", False), ("b", "Rome", True)]
    assert len(shop.rows("_file", "customers")) == 2


def test_a_list_speaks_for_the_systems_of_which_it_has_rows(shop: Door) -> None:
    shop.put("customers_1.csv", listed(row("a"), row("b", system="app")))
    shop.load("customers")
    shop.put("customers_2.csv", listed(row("a", 5)))
    assert shop.load("customers").vanished.rows == 0


def test_a_refused_row_has_not_vanished(shop: Door) -> None:
    shop.put("customers_1.csv", listed(row("a"), row("b")))
    shop.load("customers")
    shop.put("customers_2.csv", listed(row("a"), "crm,b,yesterday,Rome"))
    report = shop.load("customers")
    assert (report.rows_quarantined, report.vanished.rows) == (1, 0)


@pytest.mark.parametrize(
    ("name", "rows", "reason"),
    [
        ("customers_0.csv", (row("a"),), "the list customers_1.csv is newer"),
        ("customers_2.csv", (row("a"), "crm,,2024-01-02T00:00:00Z,Rome"), "the keys of 1 of its rows cannot be read"),
    ],
)
def test_nothing_is_concluded_from_a_list_that_cannot_be_trusted(
    shop: Door, name: str, rows: tuple[str, ...], reason: str
) -> None:
    shop.put("customers_1.csv", listed(row("a"), row("b")))
    shop.load("customers")
    shop.put(name, listed(*rows))
    report = shop.load("customers")
    assert report.vanished.rows == 0
    assert any(reason in warning for warning in report.warnings), report.warnings


def test_products_are_no_longer_sold(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  products: {files: 'products*', delivery: full}")
    door.put("products_1.csv", "product_ref,name\np1,Cup\np2,Pot\n")
    door.load("products")
    door.put("products_2.csv", "product_ref,name\np2,Pot\n")
    door.load("products")
    assert door.rows("product_ref, is_active, name", "products")[-1] == ("p1", False, "Cup")


def test_a_feed_without_a_word_for_it_is_refused(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  stores: {files: 'stores*', delivery: full}")
    with pytest.raises(StellaError, match=r"company\.yml, line 6: .*\(customers, products\), not for stores"):
        door.load("stores")
    door.company("  order_lines: 'order*'\n  customers: {query: select 1, connection: A, watermark: b, delivery: full}")
    with pytest.raises(StellaError, match="a watermark fetches changes"):
        door.load("customers")


def _ingest(shop: Door, accepted: str = "") -> FeedOutcome:
    company = load_company(shop.folder, shop.contracts)
    outcomes = ingest(shop.connection, shop.settings, company, shop.contracts, ["customers"], [accepted])
    return next(iter(outcomes))


def test_a_list_that_lacks_too_much_is_held_back_until_somebody_lets_it_in(shop: Door) -> None:
    shop.put("customers_1.csv", listed(*(row(f"c{number}") for number in range(10))))
    assert not _ingest(shop).is_held_back
    shop.put("customers_2.csv", listed(*(row(f"c{number}", 2) for number in range(7))))
    outcome = _ingest(shop)
    assert outcome.is_held_back
    (said,) = [breach for breach in outcome.breaches if "lacks" in breach]
    assert "customers_2.csv lacks (3 of 10; if they are gone, STELLA_ACCEPT=customers lets the list in): 0.3" in said
    assert len(shop.rows("1", "customers")) == 10
    assert not _ingest(shop, "customers").is_held_back
    assert sum(gone for *_, gone in state(shop)) == 3


# In each list the customers that it names, with the day of their last change.
lists = st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 6), min_size=1), min_size=1, max_size=5)


@settings(max_examples=25, deadline=None)
@given(lists)
def test_lists_end_in_the_last_one_and_the_same_one_by_one_or_at_once(
    tmp_path_factory: pytest.TempPathFactory, contracts: dict[str, Contract], told: list[dict[str, int]]
) -> None:
    dated: dict[str, int] = {}
    texts = []
    for each in told:  # A source does not take back the day of a change.
        dated |= {ref: max(day, dated.get(ref, 0)) for ref, day in each.items()}
        texts.append(listed(*(row(ref, dated[ref], f"Town {dated[ref]}") for ref in sorted(each))))
    doors = [_door(tmp_path_factory.mktemp("list") / "acme", contracts) for _ in range(2)]
    for number, text in enumerate(texts):
        doors[0].put(f"customers_{number}.csv", text)
        doors[0].load("customers")
        doors[1].put(f"customers_{number}.csv", text)
    doors[1].load("customers")
    content = "* exclude (_loaded_at)"
    assert sorted(doors[0].rows(content, "customers"), key=str) == sorted(doors[1].rows(content, "customers"), key=str)
    for door in doors:
        assert {ref for ref, _, gone in state(door) if not gone} == set(told[-1])
        door.connection.close()


def _door(folder: Path, contracts: dict[str, Contract]) -> Door:
    connection = duckdb.connect(":memory:")
    door = Door(folder, contracts, connection)
    door.company(FEEDS)
    return door
