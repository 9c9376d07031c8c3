"""A range of days taken in again: rows of files and queries already loaded, judged by what holds today.

Belongs here: which rows count in such a load. A row outside the range does not, nor one that was refused before from
the same line, nor one whose key a later file has brought again: an old file must not win over the correction of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from dagster_project.ingestion.contract import Contract
from dagster_project.ingestion.reading import identifier, literal
from dagster_project.ingestion.store import same_key
from dagster_project.settings import StellaError


@dataclass(frozen=True)
class Days:
    """A range of days, both ends in it, in the company's time zone.

    Raises:
        StellaError: it ends before it begins.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a range that holds no day."""
        if self.last < self.first:
            raise StellaError(f"--from {self.first} --to {self.last}: the range ends before it begins.")


def event_time(contract: Contract) -> str:
    """Name the column that says on which day a record of the feed lies.

    Raises:
        StellaError: the feed's records lie on no day.
    """
    if contract.event_time is None:
        raise StellaError(
            f"--feed {contract.feed}: its records are of no day, so a range says nothing. Leave --from and --to."
        )
    return contract.event_time


def note_files(connection: duckdb.DuckDBPyConnection, feed: str, digests: Mapping[str, str]) -> list[str]:
    """Note in `loaded_again` which files (hashes by name) were loaded, and when first; returns them in that order."""
    connection.execute(
        "create or replace temp table loaded_again as select file, min(loaded_at) as first_at from raw._load "
        "inner join (select unnest(?::varchar[]) as file, unnest(?::varchar[]) as file_hash) as there "
        "using (file, file_hash) where feed = ? and status = 'loaded' group by file",
        [list(digests), list(digests.values()), feed],
    )
    rows = connection.execute("select file from loaded_again order by first_at, file").fetchall()
    return [str(name) for (name,) in rows]


def only_of(days: Days, contract: Contract, zone: str, select: str) -> str:
    """Keep of a judged batch what counts in a load of these days; its files are in `loaded_again`."""
    feed, time = contract.feed, f"judged.{identifier(event_time(contract))}"
    is_moment = contract.column(event_time(contract)).type == "timestamp"
    day = f"cast(timezone({literal(zone)}, {time}) as date)" if is_moment else time
    return f"""
with origins as (
    select file, loaded_at, min(loaded_at) over (partition by file_hash) as first_at
    from raw._load where feed = {literal(feed)} and status = 'loaded' and file_hash is not null
)
select judged.* from ({select}) as judged
where {day} between date '{days.first}' and date '{days.last}'
    and not (judged._broken is not null and exists (
        select 1 from quarantine.{feed} as known
        where known._file = judged._file and known._line is not distinct from judged._line
    ))
    and not exists (
        select 1 from raw.{feed} as later
        inner join origins on later._file = origins.file and later._loaded_at = origins.loaded_at
        inner join loaded_again on loaded_again.file = judged._file
        where {same_key(contract, "later", "judged")} and origins.first_at > loaded_again.first_at
    )"""
