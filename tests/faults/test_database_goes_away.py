"""A PostgreSQL server that goes away in the middle of a fetch: told without its password, and nothing half taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.database import connect
from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.contracts import load_contracts
from dagster_project.ingestion.loading import FeedReport, load_feed, prepare
from dagster_project.settings import Settings, get_settings
from tests.integration.postgres_server import PASSWORD, PostgresServer, find_binaries, running_server

BINARIES = find_binaries()
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(BINARIES is None, reason="no PostgreSQL server on this machine"),
]
CONTRACTS = load_contracts()
COMPANY = """
name: shop
home_currency: EUR
time_zone: Europe/Rome
feeds:
  order_lines:
    query: select * from line where pause(line_number)
    connection: SHOP_DSN
    watermark: updated_at
"""
# The server takes a rest at the thousandth row of a load, long enough to be stopped in it.
SCHEMA = """
create table line as
select
    'shop' as source_system, 'A' as order_ref, n as line_number, 'p' as product_ref, 1 as quantity, 9.5 as net_amount,
    timestamp '2024-01-05' as ordered_at, timestamptz '2024-01-05' + n * interval '1 second' as updated_at
from generate_series(1, 20000) as n;
create table rest (seconds float);
insert into rest values (0);
create function pause(n int) returns boolean language sql volatile as
$$ select case when n % 20000 = 1000 then pg_sleep((select seconds from rest)) is not null else true end $$;
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresServer]:
    assert BINARIES is not None
    with running_server(BINARIES) as running:
        running.execute(SCHEMA)
        monkeypatch.setenv("SHOP_DSN", running.dsn)
        yield running


def _load(connection: duckdb.DuckDBPyConnection, settings: Settings) -> FeedReport:
    return load_feed(connection, settings, load_company(settings.company_folder), CONTRACTS["order_lines"])


def test_a_server_that_goes_away_in_a_fetch(server: PostgresServer, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "company.yml").write_text(COMPANY)
    settings = get_settings(home=tmp_path / "home", company=str(folder))
    with connect(settings) as connection:
        prepare(connection, CONTRACTS)
        server.execute("delete from line where line_number > 500")
        assert _load(connection, settings).rows_accepted == 500
        watermark = connection.execute("select * from raw._watermark").fetchall()
        server.execute(
            "insert into line select source_system, order_ref, n, product_ref, quantity, net_amount, ordered_at, "
            "updated_at + n * interval '1 second' from line, generate_series(501, 20000) as n where line_number = 500; "
            "update rest set seconds = 60"
        )
        stopper = threading.Thread(target=_end_backends, args=(server,))
        stopper.start()
        report = _load(connection, settings)
        stopper.join()
        ((name, reason),) = report.set_aside
        assert name == "query:SHOP_DSN"
        assert "cannot be read" in reason
        assert PASSWORD not in reason
        assert connection.execute("select count(*) from raw.order_lines").fetchall() == [(500,)]
        assert connection.execute("select * from raw._watermark").fetchall() == watermark
        server.execute("update rest set seconds = 0")
        assert _load(connection, settings).rows_accepted == 19_500
        assert connection.execute("select count(distinct line_number) from raw.order_lines").fetchall() == [(20_000,)]


def _end_backends(server: PostgresServer) -> None:
    """End the session that is fetching, as a server does that is stopped, once it is at its rest."""
    resting = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
    for _ in range(200):
        if server.execute(resting) != "0":
            break
        time.sleep(0.1)
    server.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = 'shop'"
    )
