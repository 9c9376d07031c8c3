"""Batches of files: landed side by side, judged together, stored in one transaction, accounted for one by one.

Belongs here: what happens to a batch, and to its files when one of them fails. Which files make a batch is decided in
`loading.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import duckdb

from dagster_project.ingestion.fault import FileFault, PassingFault, fit_to_show
from dagster_project.ingestion.feed_run import FeedRun, in_line, judge_and_store
from dagster_project.ingestion.files import Found, open_file
from dagster_project.ingestion.landing import (
    Incoming,
    common_columns,
    detach,
    land_lookups,
    land_rows,
    land_table,
    land_view,
    mapped,
    unmapped,
)
from dagster_project.ingestion.reading import Reading
from dagster_project.ingestion.store import Load, next_moment, register
from dagster_project.ingestion.storing import Stored, Tally
from dagster_project.machine import is_disk_full
from dagster_project.settings import StellaError

_BEING_WRITTEN = "it is still being written; it is tried again at the next run"
_TOO_MUCH = "it needs more memory or disk than there is; free some, or raise STELLA_MEMORY_LIMIT"


@dataclass(frozen=True)
class Opened:
    """A file whose content is new, opened."""

    file: Found
    digest: str
    reading: Reading


Landing = Callable[[FeedRun, list[Opened]], tuple[list[Opened], Incoming]]


def alike(run: FeedRun, batch: list[Opened]) -> list[list[Opened]]:
    """Part a batch, if a mapping reads it, by the files' columns: a file that lacks one must fail by itself."""
    if run.mapping is None:
        return [batch]
    groups: dict[frozenset[str] | None, list[Opened]] = {}
    for item in batch:
        columns = None if item.reading.has_optional_columns else frozenset(c.lower() for c in item.reading.columns)
        groups.setdefault(columns, []).append(item)
    return list(groups.values())


def load_batch(run: FeedRun, batch: list[Opened], land: Landing) -> None:
    """Load a batch; if the engine or the mapping fails on it, load each of its files by itself.

    What then fails is set aside.

    Raises:
        StellaError: the mapping fails on a feed never loaded before, or the engine has come to harm.
        duckdb.Error: the disk is full, which is no file's fault.
    """
    before = len(run.loads), len(run.warnings)
    try:
        _load(run, batch, land)
    except (duckdb.FatalException, duckdb.InternalException) as fault:
        raise StellaError(
            f"{run.contract.feed}: the engine could not go on ({fit_to_show(fault)}). "
            "Run again; if it comes to the same, move the newest files of the feed away one by one."
        ) from None
    except (duckdb.Error, StellaError, FileFault) as fault:
        if is_disk_full(fault):
            raise
        del run.loads[before[0] :], run.warnings[before[1] :]
        _load_apart(run, batch, land, fault)
    finally:
        detach(run.connection, [item.reading for item in batch])


def _load_apart(run: FeedRun, batch: list[Opened], land: Landing, fault: Exception) -> None:
    if len(batch) > 1:
        for item in batch:
            load_batch(run, [item], land)
        return
    (item,) = batch
    if isinstance(fault, duckdb.OutOfMemoryException):
        run.refuse(item.file, item.digest, PassingFault(_TOO_MUCH))
        return
    if land in (land_few_files, land_large_file) and isinstance(fault, duckdb.Error):
        repaired = _repaired(run, item)
        if repaired is not None:
            load_batch(run, [repaired], _land_repaired)
            return
    if isinstance(fault, StellaError) and not run.has_rows():
        raise fault
    said = fault if isinstance(fault, FileFault) else FileFault(str(fault))
    run.refuse(item.file, item.digest, FileFault(fit_to_show(fault)) if isinstance(fault, duckdb.Error) else said)


def land_files(run: FeedRun, batch: list[Opened]) -> tuple[list[Opened], Incoming]:
    """Put files' rows side by side in a table; give those that could be read."""
    columns = common_columns([item.reading for item in batch])
    land_table(run.connection, columns)
    landed: list[Opened] = []
    for item in batch:
        try:
            land_rows(run.connection, item.reading, item.file.name)
        except FileFault:
            repaired = _repaired(run, item)
            if repaired is None or not _land_again(run, repaired, columns):
                continue
            landed.append(repaired)
        else:
            landed.append(item)
    return landed, _incoming(run, columns, landed)


def _repaired(run: FeedRun, item: Opened) -> Opened | None:
    """Open a file that the engine refuses once more, its bad lines cut out; set it aside if that does not help."""
    wanted = {c.name: c.type for c in run.contract.columns}
    try:
        reading = in_line(run, open_file(run.connection, item.file, run.source, wanted, run.place, is_repair=True))
    except FileFault as fault:
        run.refuse(item.file, item.digest, fault)
        return None
    return replace(item, reading=reading)


def _land_again(run: FeedRun, item: Opened, columns: Mapping[str, str]) -> bool:
    if not {c.lower() for c in item.reading.columns} <= {c.lower() for c in columns}:
        run.refuse(item.file, item.digest, FileFault("its columns cannot be told"))
        return False
    try:
        land_rows(run.connection, item.reading, item.file.name)
    except FileFault as fault:
        run.refuse(item.file, item.digest, fault)
        return False
    return True


def land_few_files(run: FeedRun, batch: list[Opened]) -> tuple[list[Opened], Incoming]:
    """Make a view of a few files that are read cheaply: they need not be written down first."""
    columns = land_view(run.connection, {item.file.name: item.reading for item in batch})
    return batch, _incoming(run, columns, batch)


def land_large_file(run: FeedRun, batch: list[Opened]) -> tuple[list[Opened], Incoming]:
    """Make a view of one file that is too large to be held; it may be read twice."""
    return land_few_files(run, batch)


def _land_repaired(run: FeedRun, batch: list[Opened]) -> tuple[list[Opened], Incoming]:
    return land_few_files(run, batch)


def _incoming(run: FeedRun, columns: Mapping[str, str], batch: list[Opened]) -> Incoming:
    if run.mapping is None or not batch:
        return unmapped(run.connection, columns)
    lookups = land_lookups(run.connection, run.company, run.landing, run.place)
    try:
        may_lack = all(item.reading.has_optional_columns for item in batch)
        incoming, lacking = mapped(run.connection, run.mapping, columns, batch[-1].file.name, may_lack)
        if lacking:
            run.warnings.append(f"{run.mapping.path.name} draws on what no new row has: {', '.join(lacking)}")
        return incoming
    finally:
        detach(run.connection, lookups)


def _load(run: FeedRun, batch: list[Opened], land: Landing) -> None:
    landed, incoming = land(run, batch)
    if not landed:
        return
    # Each batch has a moment of its own: by it the rows that it brings are told from those before them.
    run.moment = next_moment(run.connection)
    run.connection.execute("begin transaction")
    try:
        stored = judge_and_store(run, incoming, _is_streamed(run, landed, land), landed[-1].file.name)
        _refuse_moving(landed)
        loads = _loads(run, stored, landed)
        register(run.connection, loads, run.moment)
        run.connection.execute("commit")
    except BaseException:
        run.connection.execute("rollback")
        raise
    run.stored += loads
    run.vanished = max(run.vanished, stored.vanished, key=lambda each: each.share)
    for item, load in zip(landed, loads, strict=True):
        run.warnings += [f"{load.file}: {said}" for said in item.reading.warnings]
        if load.rows_in == 0 and run.days is None:
            run.warnings.append(f"{load.file}: it has no rows")


def _is_streamed(run: FeedRun, landed: list[Opened], land: Landing) -> bool:
    """Whether rows are judged as they are read; what text costs to read again is more than it costs to keep."""
    return land is land_large_file and run.mapping is None and all(item.reading.is_read_cheaply for item in landed)


def _refuse_moving(landed: list[Opened]) -> None:
    """Refuse the batch if somebody has written to one of its files since it was found."""
    if any(not item.file.is_as_it_was() for item in landed):
        raise PassingFault(_BEING_WRITTEN)


def _loads(run: FeedRun, stored: Stored, batch: list[Opened]) -> list[Load]:
    """Say of each file what became of its rows."""
    names = [item.file.name for item in batch]
    candidates, accepted, refused = (
        by_file(side, names) for side in (stored.candidates, stored.accepted, stored.refused)
    )
    return [
        entry(
            run.contract.feed, name, item.digest, candidates[name], accepted[name], refused[name],
            item.file.size, item.file.modified_ns,
        )
        for name, item in zip(names, batch, strict=True)
    ]  # fmt: skip


def by_file(side: Mapping[str, Tally], names: list[str]) -> dict[str, Tally]:
    """Give each file its tally; rows to which a mapping gives another file's name count for the last."""
    tallies = {name: side.get(name, Tally()) for name in names}
    for name, tally in side.items():
        if name not in tallies:
            last = tallies[names[-1]]
            tallies[names[-1]] = Tally(last.rows + tally.rows, _sum(last.amount, tally.amount))
    return tallies


def entry(
    feed: str, name: str, digest: str | None, candidates: Tally, accepted: Tally, refused: Tally,
    size: int | None = None, modified_ns: int | None = None,
) -> Load:  # fmt: skip
    """Make the register's entry of a file that was loaded."""
    return Load(
        feed, name, digest, "loaded", None,
        rows_in=candidates.rows + refused.rows,
        rows_accepted=accepted.rows,
        rows_quarantined=refused.rows,
        rows_unchanged=candidates.rows - accepted.rows,
        amount_in=_sum(candidates.amount, refused.amount),
        amount_accepted=accepted.amount,
        amount_quarantined=refused.amount,
        file_bytes=size,
        file_modified_ns=modified_ns,
    )  # fmt: skip


def _sum(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return right if left is None else left if right is None else left + right
