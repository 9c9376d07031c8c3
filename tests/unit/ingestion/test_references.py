"""References of a batch that no row has yet are counted and shown; none of them refuses a row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.contracts import Contract
from dagster_project.ingestion.ingest import FeedOutcome, ingest
from dagster_project.ingestion.references import in_order_of_reference
from dagster_project.settings import StellaError
from tests.unit.ingestion.door import Door, order, orders

FEEDS = "  order_lines: 'order*'\n  customers: 'customers*'\n  products: 'products*'"
HEADER = "source_system,order_ref,line_number,product_ref,quantity,unit_price,ordered_at,customer_ref"


def outcomes(door: Door, *feeds: str) -> dict[str, FeedOutcome]:
    company = load_company(door.folder, door.contracts)
    return {o.report.feed: o for o in ingest(door.connection, door.settings, company, door.contracts, list(feeds))}


def said(door: Door, feed: str = "order_lines") -> list[str]:
    return outcomes(door, *door.contracts)[feed].breaches


def deliver(door: Door, *customers: str, name: str = "orders.csv") -> None:
    rows = [f"{order(f'{name}{i}')},{customer}" for i, customer in enumerate(customers)]
    door.put(name, orders(*rows, header=HEADER))


@pytest.fixture
def shop(door: Door) -> Door:
    door.company(FEEDS, "calendar: historical")
    door.put("customers.csv", "source_system,customer_ref\nshop,C1\nshop,C2\ntill,C9\n")
    door.put("products.csv", "product_ref\np1\n")
    return door


def test_missing_references_are_counted_with_an_example_and_refuse_nothing(shop: Door) -> None:
    deliver(shop, "C1", "C7", "C7", "C8", "")
    assert said(shop) == ["rows whose customer_ref no row of customers has (2 references, such as 'C7'): 3, expected 0"]
    assert shop.one("select count(*) from raw.order_lines") == 5


def test_a_reference_is_the_system_s_own(shop: Door) -> None:
    deliver(shop, "C9")
    assert said(shop) == ["rows whose customer_ref no row of customers has (1 reference, such as 'C9'): 1, expected 0"]


def test_known_references_say_nothing_though_the_other_feed_comes_in_the_same_run(shop: Door) -> None:
    deliver(shop, "C1", "C2")
    assert said(shop) == []


def test_a_row_that_comes_late_ends_the_warning(shop: Door) -> None:
    deliver(shop, "C7")
    assert said(shop)
    shop.put("customers_2.csv", "source_system,customer_ref\nshop,C7\n")
    deliver(shop, "C7", name="orders_2.csv")
    assert said(shop) == []


def test_only_the_new_batch_is_asked(shop: Door) -> None:
    deliver(shop, "C7")
    said(shop)
    deliver(shop, "C1", name="orders_2.csv")
    assert said(shop) == []
    assert said(shop) == []


def test_a_feed_that_the_company_does_not_deliver_is_not_asked_for(door: Door) -> None:
    door.company(more="calendar: historical")
    deliver(door, "C1")
    assert said(door) == []


def test_a_contract_may_make_them_block(shop: Door) -> None:
    lines = shop.contracts["order_lines"]
    shop.contracts = {
        **shop.contracts,
        "order_lines": replace(lines, breach={**lines.breach, "reference": "blocking"}),
    }
    deliver(shop, "C7")
    assert outcomes(shop, *shop.contracts)["order_lines"].is_held_back
    assert shop.one("select count(*) from raw.order_lines") == 0


def test_personal_references_are_not_shown(shop: Door) -> None:
    lines = shop.contracts["order_lines"]
    columns = tuple(replace(c, privacy="personal") if c.name == "customer_ref" else c for c in lines.columns)
    shop.contracts = {**shop.contracts, "order_lines": replace(lines, columns=columns)}
    deliver(shop, "C7")
    assert said(shop) == ["rows whose customer_ref no row of customers has (1 reference): 1, expected 0"]


def test_every_feed_comes_after_those_that_it_refers_to(contracts: dict[str, Contract]) -> None:
    ordered = in_order_of_reference(list(contracts), contracts)
    assert sorted(ordered) == sorted(contracts)
    for feed, contract in contracts.items():
        for column in contract.columns:
            target = (column.references or feed).partition(".")[0]
            assert ordered.index(target) <= ordered.index(feed), (feed, column.name)


def test_a_circle_is_told(contracts: dict[str, Contract]) -> None:
    products = contracts["products"]
    brand = replace(products.column("brand"), references="order_lines.product_ref")
    circular = replace(products, columns=(*(c for c in products.columns if c.name != "brand"), brand))
    with pytest.raises(StellaError, match="circle"):
        in_order_of_reference(list(contracts), {**contracts, "products": circular})


def test_a_row_that_names_no_system_may_mean_any(shop: Door) -> None:
    shop.company(FEEDS + "\n  web_events: 'events*'", "calendar: historical")
    shop.put("orders.csv", orders(order()))
    header = "event_ref,visitor_ref,customer_ref,occurred_at,event_type\n"
    shop.put("events.csv", header + "E1,V1,C9,2024-01-05,login\nE2,V1,C7,2024-01-05,login\n")
    assert said(shop, "web_events") == [
        "rows whose customer_ref no row of customers has (1 reference, such as 'C7'): 1, expected 0"
    ]
