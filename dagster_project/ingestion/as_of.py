"""The day for which the house scores and decides.

Belongs here: finding that day, and nothing that uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import duckdb

from dagster_project import clock
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.contract import Contract
from dagster_project.ingestion.reading import identifier, literal
from dagster_project.settings import Settings, StellaError


def resolve(
    connection: duckdb.DuckDBPyConnection, settings: Settings, company: Company, contracts: Mapping[str, Contract]
) -> date:
    """Find the day: AS_OF if it is given; today for a live company; for a historical one the day after its last event.

    Raises:
        StellaError: the company is historical and nothing has been loaded.
    """
    if settings.as_of is not None:
        return settings.as_of
    if not company.is_historical:
        return clock.today(company.zone)
    parts = [
        f"select max({identifier(contract.event_time)}) as at from raw.{feed}"
        for feed, contract in contracts.items()
        if contract.event_time
    ]
    row = connection.execute(
        f"select cast(timezone({literal(company.time_zone)}, max(events.at)) as date) "
        f"from ({' union all '.join(parts)}) as events"
    ).fetchone()
    if row is None or row[0] is None:
        raise StellaError(
            f"{company.name} is historical and no event has been loaded, so it has no day. Give one: AS_OF=."
        )
    last: date = row[0]
    return last + timedelta(days=1)
