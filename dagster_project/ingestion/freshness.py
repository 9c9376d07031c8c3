"""How old the newest record of a feed is, against what its contract promises.

Belongs here: the age, and whether it is more than promised. A company whose records have ended promises nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from dagster_project import clock
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.contract import Contract
from dagster_project.ingestion.reading import identifier, literal


@dataclass(frozen=True)
class Freshness:
    """A feed's newest record. `basis` is the column that dates it, or `file` where no row fills that column."""

    feed: str
    basis: str
    newest: datetime
    age: timedelta
    promised: timedelta

    @property
    def is_late(self) -> bool:
        """Whether the newest record is older than promised."""
        return self.age > self.promised

    @property
    def sentence(self) -> str:
        """What is to be said of it, without the feed's name."""
        what = "its newest file" if self.basis == "file" else f"the newest {self.basis}"
        return (
            f"{what} is of {self.newest:%Y-%m-%d %H:%M} UTC, {_said(self.age)} old, "
            f"and the contract promises {_said(self.promised)}"
        )


def freshness(
    connection: duckdb.DuckDBPyConnection, contract: Contract, company: Company, as_of: date | None
) -> Freshness | None:
    """Measure a feed's age at the beginning of the day AS_OF, or now.

    None where nothing is promised, nothing was loaded, or the company's records have ended.
    """
    column, promised = contract.fresh_column, contract.fresh_within
    if company.is_historical or column is None or promised is None:
        return None
    dated = (column, _newest(connection, contract, column, company))
    basis, newest = dated if dated[1] is not None else ("file", _newest_file(connection, contract.feed))
    if newest is None:
        return None
    age = max(_moment(company, as_of) - newest, timedelta(0))
    return Freshness(contract.feed, basis, newest.astimezone(UTC), age, promised)


def late_feeds(
    connection: duckdb.DuckDBPyConnection, contracts: Iterable[Contract], company: Company, as_of: date | None
) -> list[Freshness]:
    """List the feeds that are older than promised."""
    found = [freshness(connection, contract, company, as_of) for contract in contracts]
    return [fresh for fresh in found if fresh is not None and fresh.is_late]


def _moment(company: Company, as_of: date | None) -> datetime:
    if as_of is None:
        return clock.now()
    return datetime(as_of.year, as_of.month, as_of.day, tzinfo=company.zone).astimezone(UTC)


def _newest(
    connection: duckdb.DuckDBPyConnection, contract: Contract, column: str, company: Company
) -> datetime | None:
    """Find the newest moment; a day counts to its end, in the company's time zone."""
    newest = f"max({identifier(column)})"
    if contract.column(column).type == "date":
        newest = f"timezone({literal(company.time_zone)}, cast({newest} + 1 as timestamp))"
    row = connection.execute(f"select {newest} from raw.{identifier(contract.feed)}").fetchone()
    return row[0] if row else None


def _newest_file(connection: duckdb.DuckDBPyConnection, feed: str) -> datetime | None:
    row = connection.execute(
        "select max(coalesce(make_timestamptz(file_modified_ns // 1000), loaded_at)) from raw._load "
        "where feed = ? and status in ('loaded', 'already_loaded') and rows_in > 0", [feed],
    ).fetchone()  # fmt: skip
    return row[0] if row else None


def _said(span: timedelta) -> str:
    hours = span // timedelta(hours=1)
    number, unit = (hours // 24, "day") if hours >= 24 else (hours, "hour")
    return f"{number:,} {unit}{'' if number == 1 else 's'}"
