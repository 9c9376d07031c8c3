"""A resolution that is measured: `python -m dagster_project.benchmark.measured_resolution RECORDS FOUND OUT.json`.

A process of its own: a warehouse file with nothing in it but the records, within the settings' limits; from staging to
the ledger, as in a run.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.benchmark.sampling import Sampler
from dagster_project.identity import ResolutionReport

_A_DAY = """
update staging.stg_customers set street = 'Via Nuova ' || hash(customer_ref, 1) % 500 where hash(customer_ref) % 100 = 7
"""


def main(records: Path, found: Path, out: Path) -> None:
    """Resolve, then resolve again with 1 % of the records changed.

    Writes each record's customer as Parquet, and of both the seconds, peak memory (MB) and pairs compared.
    """
    from dagster_project import database  # noqa: PLC0415
    from dagster_project.identity import resolve  # noqa: PLC0415
    from dagster_project.settings import get_settings  # noqa: PLC0415

    file = found.with_suffix(".duckdb")
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection, Sampler() as memory:
        database.set_limits(connection, get_settings())
        for schema in database.SCHEMAS:
            connection.execute(f"create schema {schema}")
        fill_staging(connection, records)
        measured = _measured(memory, resolve, connection)
        connection.execute(
            "copy (select source_system, identifier as customer_ref, customer_id as cluster "
            "from intermediate.identity_ledger where identifier_kind = 'record' and believed_to is null) "
            f"to '{found}' (format parquet)"
        )
        connection.execute(_A_DAY)
        measured["day"] = _measured(memory, resolve, connection)
    out.write_text(json.dumps(measured))


def _measured(
    memory: Sampler, resolve: Callable[..., ResolutionReport], connection: duckdb.DuckDBPyConnection
) -> dict[str, Any]:
    start, spent = time.perf_counter(), time.process_time()
    report = resolve(connection)
    end = time.perf_counter()
    return {
        "wall_seconds": end - start,
        "cpu_seconds": time.process_time() - spent,
        "peak_mb": memory.peak(start, end),
        "pairs": sum(report.scored.values()),
        "said": report.summary(),
    }


def fill_staging(connection: duckdb.DuckDBPyConnection, records: Path) -> None:
    """Make the staging tables that identity reads: the registry from the file, every other feed without a row."""
    from dagster_project.ingestion.contracts import load_contracts  # noqa: PLC0415

    for feed, contract in load_contracts().items():
        named = {
            column.name: "country_code" if column.name == "country" else column.name for column in contract.columns
        }
        columns = ", ".join(f'"{named[column.name]}" {column.sql_type}' for column in contract.columns)
        connection.execute(f"create table staging.stg_{feed} ({columns})")
    connection.execute(f"create or replace table staging.stg_customers as from '{records}'")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
