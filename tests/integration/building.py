"""A run cut down to what decides what the warehouse holds: feeds loaded, identity resolved, models built.

In this process, without expectations, tests, scores, decisions and publication: a day costs a fifth. Marts that draw on
scores are left out; the whole way is in `test_day_by_day.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import duckdb

from dagster_project import identity
from dagster_project.ingestion.loading import load_feed, prepare
from dagster_project.operations import dbt, upkeep
from dagster_project.operations.session import Session
from tests.integration.runs import OF_THE_RUN, content

# What a row tells of is not what a run does.
OF_THE_DATA = ("staging.", "intermediate.", "warehouse.", "marts.")
# What was believed of identity on the way, and a bulk build never is; what is believed is `int_identity__current`.
OF_THE_DAYS = (
    "identity_ledger", "identity_model", "identity_term", "identity_record_state", "bridge_customer_identity",
    "bridge_customer_merged",
)  # fmt: skip
# Which delivery said first what others repeat, and when: of what has no date, that stands for it.
OF_THE_DELIVERY = ("_file", "effective_at")
BROUGHT_UP, ALL, SEEDS = "+config.materialized:incremental", "resource_type:model", "resource_type:seed"
STAGING = "path:models/staging"
NOT_BUILT = [
    "source:scores+", "source:ledger.segment_ledger+", "source:ledger.segment_definition_history+",
    "resource_type:test",
]  # fmt: skip


def build(session: Session, select: str = ALL, is_full: bool = False, judge: Path | None = None) -> bool:
    """Load what is new and build, bringing up to date what may be; tell whether anything was to be.

    With `BROUGHT_UP` only staging, the tables that are brought up to date, and those that they draw on are built: the
    others are built whole in any run, so those of the last run tell. `judge` is a warehouse whose model says which
    records are one.
    """
    with session.connection() as connection:
        known_to = None if is_full else upkeep.known_to(session, connection)
        upkeep.forget(session.settings)
        session = replace(session, known_to=known_to)
        prepare(connection, session.contracts)
        for contract in session.contracts.values():
            load_feed(connection, session.settings, session.company, contract, key=session.pseudonym_key)
        variables = dict(session.dbt_variables(connection))
        _models(session, [STAGING, *([] if known_to else [SEEDS])], NOT_BUILT, variables)
        if judge is not None:
            _take_model(connection, judge)
        identity.resolve(connection, loaded_after=known_to)
        _models(session, [select], [*NOT_BUILT, STAGING], variables)
        upkeep.remember(session, connection)
    dbt.release()
    return known_to is not None


def _take_model(connection: duckdb.DuckDBPyConnection, judge: Path) -> None:
    """Give identity the model of another warehouse; of its records and pairs it remembers none."""
    connection.execute(f"attach '{judge}' as judge (read_only)")
    for table in ("identity_model", "identity_term"):
        connection.execute(f"create or replace table intermediate.{table} as from judge.intermediate.{table}")
    connection.execute("detach judge")


def _models(session: Session, select: list[str], exclude: list[str], variables: dict[str, object]) -> None:
    results = dbt.build(session.settings, select, variables, exclude=exclude)
    assert all(r.ok for r in results), [(r.name, r.message) for r in results if not r.ok]


def tables(database: Path, aside: Collection[str] = ()) -> dict[str, tuple[int, int]]:
    """Count and hash the rows of every table but those that tell of a run: files met again, what it touched."""
    return {
        name: rows
        for name, rows in content(database, aside).items()
        if name.startswith(OF_THE_DATA) and not name.endswith(("stg_loads", *OF_THE_RUN, *OF_THE_DAYS))
    }
