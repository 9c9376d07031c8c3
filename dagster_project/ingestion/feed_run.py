"""What the steps of one feed's load share, and what they say of it in the end.

Belongs here: the run's state and its report. The steps are in `loading.py`, `batches.py` and `query_loading.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project.ingestion.backfill import Days, only_of
from dagster_project.ingestion.checking import checked, matched
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.company_file import FeedSource
from dagster_project.ingestion.contract import Contract
from dagster_project.ingestion.fault import FileFault, PassingFault
from dagster_project.ingestion.files import Found
from dagster_project.ingestion.landing import Incoming, named_by_contract
from dagster_project.ingestion.mapping import SqlMapping
from dagster_project.ingestion.reading import Place, Reading, identifier
from dagster_project.ingestion.rules import Clock
from dagster_project.ingestion.store import Load
from dagster_project.ingestion.storing import Stored, store
from dagster_project.ingestion.whole_list import NONE_VANISHED, Vanished, take_as_whole, why_not
from dagster_project.privacy.guard import Guard
from dagster_project.settings import Settings, StellaError


@dataclass(frozen=True)
class FeedReport:
    """What became of a feed's new records.

    `set_aside` gives each file that could not be read, with the reason; `vanished` is what the whole list lacked that
    lacked the largest share.
    """

    feed: str
    files: list[str] = field(default_factory=list)
    rows_in: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_unchanged: int = 0
    set_aside: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    vanished: Vanished = NONE_VANISHED
    seconds: float = 0.0


@dataclass
class FeedRun:
    """The state of one feed's load; `loads` are register entries still to be written, `stored` those that are.

    With `days` it takes in again what is known, and of that only what lies on them.
    """

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    company: Company
    contract: Contract
    source: FeedSource
    place: Place
    mapping: SqlMapping | None
    moment: datetime
    files: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    stored: list[Load] = field(default_factory=list)
    days: Days | None = None
    guard: Guard | None = None
    vanished: Vanished = NONE_VANISHED

    @property
    def landing(self) -> Path:
        """The folder in which files arrive."""
        return self.company.landing_folder(self.settings.company_home)

    def set_aside(self, name: str, digest: str | None, reason: str) -> None:
        """Note that a file could not be read."""
        self.loads.append(Load(self.contract.feed, name, digest, "set_aside", reason))

    def refuse(self, file: Found, digest: str | None, fault: FileFault) -> None:
        """Set a file aside; one that went away since it was found is only told of."""
        if not file.path.exists():
            self.warnings.append(f"{file.name}: it went away before it was read")
            return
        # What is known by its hash is not tried again until its content changes.
        self.set_aside(file.name, None if isinstance(fault, PassingFault) else digest, str(fault))

    def has_rows(self) -> bool:
        """Whether the feed has been loaded before."""
        return self.connection.execute(f"select 1 from raw.{self.contract.feed} limit 1").fetchone() is not None

    def report(self, seconds: float) -> FeedReport:
        """Sum the run up."""
        return FeedReport(
            self.contract.feed,
            self.files,
            sum(load.rows_in for load in self.stored),
            sum(load.rows_accepted for load in self.stored),
            sum(load.rows_quarantined for load in self.stored),
            sum(load.rows_unchanged for load in self.stored),
            [(load.file, load.reason or "") for load in self.loads if load.status == "set_aside"],
            list(dict.fromkeys(self.warnings)),
            self.vanished,
            seconds,
        )


def in_line(run: FeedRun, reading: Reading) -> Reading:
    """Give a file's columns the contract's names; with a mapping that is the mapping's affair.

    Raises:
        FileFault: it lacks a required column.
    """
    if run.mapping is not None:
        return reading
    if reading.has_no_rows:
        return _empty(run.contract, reading)
    there = matched(run.contract, reading.columns)
    missing = _missing(run.contract, reading.columns)
    if missing:
        raise FileFault(f"it lacks the required column{'s' if len(missing) > 1 else ''} {', '.join(missing)}")
    return named_by_contract(reading, there)


def _empty(contract: Contract, reading: Reading) -> Reading:
    """Give a file without rows, and so without names, the columns that are required."""
    columns = dict.fromkeys(contract.required_columns, "VARCHAR")
    listed = "".join(f"cast(null as varchar) as {identifier(name)}, " for name in columns)
    return replace(
        reading, select=f"select {listed}_line, _fault, _whole from ({reading.select}) as own", columns=columns
    )


def _missing(contract: Contract, columns: Mapping[str, str]) -> list[str]:
    there = matched(contract, columns)
    return [name for name in contract.required_columns if name not in there]


def judge_and_store(run: FeedRun, incoming: Incoming, is_streamed: bool, delivery: str) -> Stored:
    """Hold `incoming` against the contract and put its rows where they belong, within the caller's transaction.

    `delivery` names where they come from: of a feed of whole lists, one list.

    Raises:
        StellaError: the mapping gives no column that is required.
        FileFault: the query gives none.
    """
    missing = _missing(run.contract, incoming.columns)
    if missing and run.mapping is not None:
        raise StellaError(f"{run.mapping.path}: it gives no column {missing[0]!r}, which is required.")
    if missing:
        raise FileFault(f"it gives no column {', '.join(missing)}, which is required")
    clock = Clock.of(run.company, run.settings.as_of)
    judged = checked(run.contract, run.company, incoming.columns, run.source.options, clock)
    if judged.extras:
        run.warnings.append(f"kept in _extra, as the contract does not know them: {', '.join(judged.extras[:20])}")
    if run.days is not None:
        judged = replace(judged, select=only_of(run.days, run.contract, run.company.time_zone, judged.select))
    is_whole = run.source.is_whole_list and run.days is None and run.has_rows()
    stored = store(run.connection, run.contract, judged, run.moment, is_streamed, incoming.row_as_it_came, run.guard)
    run.warnings.extend(stored.warnings)
    return replace(stored, vanished=_vanished(run, delivery)) if is_whole else stored


def _vanished(run: FeedRun, delivery: str) -> Vanished:
    """Conclude what is gone from what a whole list lacks, unless the list is not fit for that."""
    reason = why_not(run.connection, run.contract, delivery)
    if reason is not None:
        run.warnings.append(reason)
        return NONE_VANISHED
    return take_as_whole(run.connection, run.contract, delivery, run.moment)
