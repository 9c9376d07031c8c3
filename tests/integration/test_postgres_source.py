"""A company whose records lie in a real PostgreSQL database, read by a query and a watermark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.database import connect
from dagster_project.ingestion.company import Company, load_company
from dagster_project.ingestion.contracts import load_contracts
from dagster_project.ingestion.loading import FeedReport, load_feed, prepare
from dagster_project.settings import Settings, StellaError, get_settings
from tests.integration.postgres_server import PASSWORD, PostgresServer, find_binaries, running_server

BINARIES = find_binaries()
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        BINARIES is None, reason="no PostgreSQL server: neither /usr/lib/postgresql/*/bin nor initdb on the path"
    ),
]
CONTRACTS = load_contracts()
COMPANY = """
name: shop
home_currency: EUR
time_zone: Europe/Rome
feeds:
  customers:
    query: select * from crm.customer
    connection: SHOP_DSN
    watermark: updated_at
  order_lines:
    query: >-
      select o.reference, l.position, l.sku, l.quantity, l.price, o.placed_at, o.client, l.changed_at
      from sales.line as l inner join sales.orders as o on l.order_id = o.id
    connection: SHOP_DSN
    watermark: changed_at
"""
ORDER_LINES = """
select
    'shop' as source_system,
    reference as order_ref,
    position as line_number,
    changed_at as updated_at,
    client as customer_ref,
    sku as product_ref,
    quantity,
    price as unit_price,
    placed_at as ordered_at
from landing
"""
SCHEMA = """
create schema crm;
create table crm.customer (
    source_system text, customer_ref text, updated_at timestamptz, given_name text, birth_date date,
    registered_at timestamp, interests text[], attributes jsonb, is_deleted boolean
);
insert into crm.customer values
    ('crm', '1', '2026-03-01 10:00+01', 'Ada', '1990-02-28', '2026-01-01 12:00', array['jazz', 'chess'],
     '{"shoe_size": 38}', false),
    ('crm', '2', '2026-03-01 11:00+01', 'D''Artagnan', null, null, null, null, false),
    ('crm', '3', null, 'Zoë', null, null, array[]::text[], null, true);
create schema sales;
create table sales.orders (
    id uuid primary key default gen_random_uuid(), reference text, client text, placed_at timestamptz
);
create table sales.line (
    order_id uuid references sales.orders, position smallint, sku text, quantity numeric(9, 3), price numeric(12, 4),
    changed_at timestamptz
);
insert into sales.orders (reference, client, placed_at)
values ('A', '1', '2026-03-01 09:00+01'), ('B', '2', '2026-03-02 09:00+01');
insert into sales.line
select id, 1, 'lamp', 2, 19.9900, timestamptz '2026-03-01 09:00+01' from sales.orders where reference = 'A'
union all
select id, 1, 'chair', 1.5, 80, timestamptz '2026-03-02 09:00+01' from sales.orders where reference = 'B';
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    assert BINARIES is not None
    with running_server(BINARIES) as running:
        yield running


@pytest.fixture
def shop(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> PostgresServer:
    server.execute("drop schema if exists crm cascade; drop schema if exists sales cascade;" + SCHEMA)
    monkeypatch.setenv("SHOP_DSN", server.dsn)
    return server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "company.yml").write_text(COMPANY)
    (folder / "order_lines.sql").write_text(ORDER_LINES)
    return get_settings(home=tmp_path / "home", company=str(folder))


@pytest.fixture
def company(settings: Settings) -> Company:
    return load_company(settings.company_folder)


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(settings) as connection:
        prepare(connection, CONTRACTS)
        yield connection


class Loader:
    """Loads one feed of the shop, as often as asked."""

    def __init__(self, warehouse: duckdb.DuckDBPyConnection, settings: Settings, company: Company) -> None:
        self.warehouse, self.settings, self.company = warehouse, settings, company

    def load(self, feed: str) -> FeedReport:
        return load_feed(self.warehouse, self.settings, self.company, CONTRACTS[feed])

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self.warehouse.execute(sql).fetchall()


@pytest.fixture
def loader(shop: PostgresServer, warehouse: duckdb.DuckDBPyConnection, settings: Settings, company: Company) -> Loader:
    return Loader(warehouse, settings, company)


def line_of_b(values: str) -> str:
    """The statement that adds a line (position, sku, quantity, price, changed_at) to order B."""
    return f"insert into sales.line select id, {values} from sales.orders where reference = 'B';"


LINES = "select order_ref, line_number, cast(quantity as double) from raw.order_lines order by all"


def test_every_type_arrives(loader: Loader) -> None:
    assert loader.load("customers").rows_accepted == 3
    assert loader.rows(
        """select customer_ref, given_name, cast(birth_date as varchar), epoch(registered_at), interests,
            attributes ->> 'shoe_size', is_deleted
        from raw.customers order by customer_ref"""
    ) == [
        # 12:00 without an offset is noon in Rome.
        ("1", "Ada", "1990-02-28", 1767265200.0, ["jazz", "chess"], "38", False),
        ("2", "D'Artagnan", None, None, None, None, False),
        ("3", "Zoë", None, None, [], None, True),
    ]


def test_query_with_a_join_and_a_mapping(loader: Loader) -> None:
    loader.load("order_lines")
    assert loader.rows(
        "select order_ref, product_ref, cast(net_amount as varchar) from raw.order_lines order by 1"
    ) == [
        ("A", "lamp", "39.9800"),
        ("B", "chair", "120.0000"),
    ]


def test_loading_again_changes_nothing(loader: Loader) -> None:
    for feed in ("order_lines", "customers"):
        loader.load(feed)
        assert loader.load(feed).rows_accepted == 0
    assert loader.rows("select count(*) from raw.customers") == [(3,)]
    assert loader.rows(LINES) == [("A", 1, 2.0), ("B", 1, 1.5)]


def test_updates_and_new_rows_come_with_the_next_load(loader: Loader, shop: PostgresServer) -> None:
    loader.load("order_lines")
    shop.execute(
        """
        update sales.line set quantity = 3, changed_at = '2026-03-03 09:00+01' where sku = 'lamp';
        """
        + line_of_b("2, 'table', 1, 200, '2026-03-03 10:00+01'")
    )
    assert loader.load("order_lines").rows_accepted == 2
    assert loader.rows(LINES) == [("A", 1, 2.0), ("A", 1, 3.0), ("B", 1, 1.5), ("B", 2, 1.0)]
    assert loader.rows(
        "select arg_max(cast(quantity as double), updated_at) from raw.order_lines where order_ref = 'A'"
    ) == [(3.0,)]


def test_row_that_shares_the_watermark_is_not_lost(loader: Loader, shop: PostgresServer) -> None:
    """Two rows of one instant, one of them committed after the first load: the second load brings it, once."""
    loader.load("order_lines")
    shop.execute(line_of_b("7, 'late', 1, 5, '2026-03-02 09:00+01'"))
    assert loader.load("order_lines").rows_accepted == 1
    assert loader.load("order_lines").rows_accepted == 0
    assert loader.rows(LINES) == [("A", 1, 2.0), ("B", 1, 1.5), ("B", 7, 1.0)]


def test_rows_before_the_watermark_are_not_read_again(loader: Loader, shop: PostgresServer) -> None:
    loader.load("order_lines")
    shop.execute(
        "update sales.line set quantity = 99 where sku = 'lamp'"
    )  # without a new changed_at: the source says no change
    assert loader.load("order_lines").rows_in <= 1
    assert loader.rows(LINES) == [("A", 1, 2.0), ("B", 1, 1.5)]


def test_row_that_breaks_the_contract_is_quarantined(loader: Loader, shop: PostgresServer) -> None:
    shop.execute(line_of_b("3, null, 1, 5, '2026-03-04 09:00+01'"))
    report = loader.load("order_lines")
    assert (report.rows_accepted, report.rows_quarantined) == (2, 1)
    ((raw, column),) = loader.rows("select cast(_raw as varchar), _column from quarantine.order_lines")
    assert column == "product_ref"
    assert '"B"' in str(raw)


def test_repaired_row_comes_back_by_itself(loader: Loader, shop: PostgresServer) -> None:
    shop.execute(line_of_b("3, null, 1, 5, '2026-03-04 09:00+01'"))
    loader.load("order_lines")
    shop.execute("update sales.line set sku = 'rug', changed_at = '2026-03-05 09:00+01' where sku is null")
    loader.load("order_lines")
    assert loader.rows(LINES) == [("A", 1, 2.0), ("B", 1, 1.5), ("B", 3, 1.0)]


def test_missing_connection_is_named(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_DSN")
    assert "SHOP_DSN" in _complaint(loader)


def test_unreachable_server_is_reported_without_its_password(
    loader: Loader, shop: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DSN", shop.dsn.replace(f"port={shop.port}", "port=1"))
    said = _complaint(loader)
    assert "SHOP_DSN" in said
    assert PASSWORD not in said


def test_table_that_is_not_there_is_reported(loader: Loader, shop: PostgresServer) -> None:
    shop.execute("drop table sales.line cascade")
    assert "sales.line" in _complaint(loader)


def _complaint(loader: Loader) -> str:
    """What is said of a source that cannot be read, whether it is set aside or stops the run."""
    try:
        report = loader.load("order_lines")
    except StellaError as fault:
        return str(fault)
    assert report.set_aside
    return "; ".join(f"{file}: {reason}" for file, reason in report.set_aside)
