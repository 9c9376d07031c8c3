"""A day on which 1 % of the registry is new or changed, and some is gone: what it reads, compares and touches.

Nothing is lost: it ends in what all records at once end in.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from dagster_project.benchmark.measured_resolution import fill_staging
from dagster_project.benchmark.persons import write_persons
from dagster_project.identity import ResolutionReport, matching, resolve
from dagster_project.identity.registry import read_registry
from dagster_project.settings import REPOSITORY

SIZE, NEW = 2_000, 5
WORLD = REPOSITORY / "sources" / "companies" / "demo" / "world.yml"
RESOLVE = sys.modules["dagster_project.identity.resolve"]  # the package gives this name to the function
EVE, DAY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
RECORD_ID = "('0x' || left(md5(source_system || '|' || customer_ref), 15))::bigint"
_CHANGES = f"""
create table touched as
select source_system, customer_ref, row_number() over (order by hash(customer_ref)) as place
from staging.stg_customers
order by place limit {SIZE // 100};
update staging.stg_customers as registry
set street = 'Via Nuova ' || place,
    email = case when place % 4 = 0 then 'new' || place || '@example.org' else email end,
    phone = case when place % 4 = 1 then null else phone end,
    family_name = case when place % 4 = 2 then 'Altrove' else family_name end,
    birth_date = case when place % 4 = 3 then birth_date + 1 else birth_date end
from touched
where registry.source_system = touched.source_system and registry.customer_ref = touched.customer_ref
    and place > {NEW};
update staging.stg_customers as registry
set given_name = null, family_name = null, full_name = null, email = null, phone = null, street = null, postcode = null,
    city = null, birth_date = null, tax_code = null, gender = null
from touched
where registry.source_system = touched.source_system and registry.customer_ref = touched.customer_ref
    and place = {SIZE // 100};
create table gone as
select source_system, customer_ref from staging.stg_customers
where (source_system, customer_ref) not in (select (source_system, customer_ref) from touched)
order by hash(customer_ref, 1) limit 3;
delete from staging.stg_customers as registry
where (source_system, customer_ref) in (select (source_system, customer_ref) from gone)
"""


class Resolved(NamedTuple):
    """A resolution's figures and the pairs that it compared, as hashes of the records."""

    report: ResolutionReport
    compared: set[tuple[int, int]]


@dataclass
class Days:
    """The same records twice: the day after a full resolution, and all at once in a memory of their own."""

    grown: duckdb.DuckDBPyConnection
    at_once: duckdb.DuckDBPyConnection
    full: Resolved
    day: Resolved
    whole: Resolved
    touched: set[int]
    read: int


def _warehouse(records: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; set threads = 2")
    connection.execute("create schema staging; create schema intermediate")
    fill_staging(connection, records)
    return connection


def _resolve(connection: duckdb.DuckDBPyConnection, believed_at: datetime) -> Resolved:
    """Resolve, looking over the shoulder of whoever weighs scored pairs."""
    compared: set[tuple[int, int]] = set()
    weigh = matching._write_odds

    def looked_at(there: duckdb.DuckDBPyConnection, model: matching.Model) -> int:
        compared.update(there.execute("select record_id_l, record_id_r from identity_scored").fetchall())
        return weigh(there, model)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "_write_odds", looked_at)
        return Resolved(resolve(connection, believed_at=believed_at), compared)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    folder = tmp_path_factory.mktemp("day")
    records = folder / "records.parquet"
    write_persons(records, folder / "truth.parquet", SIZE, WORLD)
    grown = _warehouse(records)
    grown.execute(_CHANGES.split(";", maxsplit=1)[0])
    new = f"from touched where place <= {NEW} and (source_system, customer_ref) = (r.source_system, r.customer_ref)"
    grown.execute(f"create table arriving as from staging.stg_customers as r where exists ({new})")
    grown.execute(f"delete from staging.stg_customers as r where exists ({new})")
    full = _resolve(grown, EVE)
    grown.execute(_CHANGES.split(";", maxsplit=1)[1])
    grown.execute("insert into staging.stg_customers from arriving")
    with pytest.MonkeyPatch.context() as patch:
        read: list[int] = []
        patch.setattr(RESOLVE, "read_registry", lambda there: read.append(read_registry(there)))
        day = _resolve(grown, DAY)
    at_once = _warehouse(records)
    for table in ("staging.stg_customers", "intermediate.identity_model", "intermediate.identity_term"):
        at_once.register("kept", grown.execute(f"from {table}").to_arrow_table())
        at_once.execute(f"create or replace table {table} as from kept")
    whole = _resolve(at_once, DAY)
    touched = {row for (row,) in grown.execute(f"select {RECORD_ID} from touched").fetchall()}
    yield Days(grown, at_once, full, day, whole, touched, read[0])
    for connection in (grown, at_once):
        connection.close()


def test_only_pairs_in_the_blocks_of_touched_records_are_compared(days: Days) -> None:
    concerned = {pair for pair in days.whole.compared if not days.touched.isdisjoint(pair)}
    assert days.day.compared == concerned
    assert len(days.touched) == SIZE // 100
    assert 0 < len(concerned) < 0.05 * len(days.whole.compared)
    assert sum(days.day.report.scored.values()) == len(concerned)
    assert days.full.report.threshold == days.day.report.threshold == days.whole.report.threshold


def test_only_touched_records_are_read(days: Days) -> None:
    assert days.read == len(days.touched)


def test_the_outcome_is_that_of_all_records_at_once(days: Days) -> None:
    believed = (
        "select * exclude (believed_from, believed_to) from intermediate.identity_ledger "
        "where believed_to is null order by all"
    )
    for query in (
        believed,
        "from intermediate.identity_review order by all",
        "from intermediate.identity_pair order by all",
        "select * exclude (is_trained) from intermediate.identity_record_state order by all",
        "from intermediate.identity_registry order by all",
        "from intermediate.identity_registry_feature order by all",
        "from intermediate.identity_judgement order by all",
    ):
        grown, at_once = (connection.execute(query).fetchall() for connection in (days.grown, days.at_once))
        assert grown == at_once
        assert grown
    assert days.day.report.customers == days.whole.report.customers
    assert days.day.report.links == days.whole.report.links


def test_only_the_components_concerned_are_touched(days: Days) -> None:
    """A record is believed to be another than before only if it shares a customer, then or now, with a touched one."""
    said = days.grown.execute(
        "select source_system, identifier, customer_id, coalesce(believed_from = $1 or believed_to = $1, false) "
        "from intermediate.identity_ledger where identifier_kind = 'record'",
        [DAY],
    ).fetchall()
    touched = set(
        days.grown.execute(
            "select source_system, customer_ref from touched union all select source_system, customer_ref from gone"
        ).fetchall()
    )
    concerned = {customer for system, ref, customer, _ in said if (system, ref) in touched}
    moved = {(system, ref) for system, ref, _, is_moved in said if is_moved}
    known = {(system, ref) for system, ref, customer, _ in said if customer in concerned}
    assert moved <= known
    assert NEW <= len(moved) <= len(known) < 0.05 * SIZE
    assert 0 < days.day.report.closed < 0.05 * days.day.report.unchanged
