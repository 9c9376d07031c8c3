"""One feed's new records, from where the company keeps them into `raw` and `quarantine`.

Belongs here: which files are tried, and what is reported. Batches of files are loaded in `batches.py`, queries in
`query_loading.py`; the register of files is in `store.py`.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dagster_project.ingestion.backfill import Days, event_time, note_files
from dagster_project.ingestion.batches import Opened, alike, land_few_files, land_files, land_large_file, load_batch
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.contract import Contract
from dagster_project.ingestion.fault import FileFault, PassingFault
from dagster_project.ingestion.feed_run import FeedReport, FeedRun, in_line
from dagster_project.ingestion.files import Found, find_files, open_file
from dagster_project.ingestion.mapping import read_mapping
from dagster_project.ingestion.new_columns import bring_in_line
from dagster_project.ingestion.personal import classes_of
from dagster_project.ingestion.query_loading import load_query
from dagster_project.ingestion.reading import Place
from dagster_project.ingestion.rules import Clock
from dagster_project.ingestion.scanning import content_hash
from dagster_project.ingestion.store import Known, Load, known_files, next_moment, note_copy, prepare, register
from dagster_project.ingestion.temporary import drop_temporary
from dagster_project.machine import is_disk_full
from dagster_project.privacy.guard import guard_of
from dagster_project.privacy.key import PseudonymKey
from dagster_project.settings import Settings, StellaError

__all__ = ["BATCH_BYTES", "FeedReport", "load_feed", "prepare"]

# Files up to this size are put side by side in one batch; a larger one is a batch of its own and is not held.
BATCH_BYTES = 256 << 20
# So is one with more columns than this: beside it every other file's rows would be as wide.
BATCH_COLUMNS = 500
# So few files are judged as they are read; more are written down first.
FEW_FILES = 8


def load_feed(
    connection: duckdb.DuckDBPyConnection, settings: Settings, company: Company, contract: Contract,
    days: Days | None = None, key: PseudonymKey | None = None,
) -> FeedReport:  # fmt: skip
    """Load what is new of a feed: files never seen, or rows of a query from its watermark on.

    A file that cannot be read is set aside and named in the report; the rest goes on. Each batch is one transaction.
    Before them, `raw.<feed>` is brought in line with the contract. With `days`, what is known already is read again
    besides, and of it what lies on those days is judged anew. Whoever has a tombstone made with `key` is kept out.

    Raises:
        StellaError: the company's mapping, lookup or setting is at fault, a required feed has no record at all, days
            are given for a feed whose records lie on none, or the key of a tombstone is not given.
    """
    if days is not None:
        event_time(contract)
    began = time.monotonic()
    source, guard = company.feeds.get(contract.feed), guard_of(connection, classes_of(contract), key)
    said = bring_in_line(connection, contract, company, Clock.of(company, settings.as_of), guard)
    if source is None:
        return FeedReport(contract.feed, warnings=said)
    path = company.mapping(contract.feed)
    with _scratch(settings) as folder:
        run = FeedRun(
            connection, settings, company, contract, source, Place(folder, settings.max_file_bytes),
            read_mapping(path) if path else None, next_moment(connection), warnings=said, guard=guard,
        )  # fmt: skip
        try:
            (load_query if source.query else _load_files)(run)
            if days is not None:
                run.days, run.moment = days, next_moment(connection)
                (load_query if source.query else _load_files_again)(run)
        finally:
            drop_temporary(connection)
    register(connection, run.loads, run.moment)
    _write_set_aside(connection, settings, contract.feed)
    return run.report(round(time.monotonic() - began, 3))


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """Lend a folder for clean copies and links; it is gone afterwards."""
    spill = settings.company_home / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="reading_", dir=spill))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _load_files(run: FeedRun) -> None:
    files = find_files(run.landing, run.source)
    if not files:
        _miss(run)
    run.files += [file.name for file in files]
    _load_opened(run, _new(run, files))


def _new(run: FeedRun, files: list[Found]) -> Iterator[Opened]:
    known = known_files(run.connection, run.contract.feed, run.source.is_whole_list)
    taken: set[str] = set()
    for file in files:
        if known.is_untouched(file.name, file.size, file.modified_ns):
            continue
        opened = _open(run, file, known, taken)
        if opened is not None:
            taken.update(() if run.source.is_whole_list else (opened.digest,))
            yield opened


def _load_files_again(run: FeedRun) -> None:
    """Read again every file whose content was loaded, in the order in which that was."""
    files = {file.name: file for file in find_files(run.landing, run.source)}
    digests = {name: digest for name, file in files.items() if (digest := _hash_or_none(file)) is not None}
    names = note_files(run.connection, run.contract.feed, digests)
    opened = (_open(run, files[name], Known(frozenset(), {}), set()) for name in names)
    _load_opened(run, (item for item in opened if item is not None))


def _hash_or_none(file: Found) -> str | None:
    try:
        return content_hash(file.path)
    except (FileFault, OSError):
        return None


def _load_opened(run: FeedRun, files: Iterable[Opened]) -> None:
    batch: list[Opened] = []
    held = 0
    for opened in files:
        file = opened.file
        is_alone = run.source.is_whole_list or file.size > BATCH_BYTES
        if is_alone or len(opened.reading.columns) > BATCH_COLUMNS:
            load_batch(run, [opened], land_large_file if file.size > BATCH_BYTES else land_files)
            continue
        batch.append(opened)
        held += file.size
        if held > BATCH_BYTES:
            _load_small(run, batch)
            batch, held = [], 0
    if batch:
        _load_small(run, batch)


def _load_small(run: FeedRun, batch: list[Opened]) -> None:
    for part in alike(run, batch):
        load_batch(run, part, land_few_files if _is_read_once(run, part) else land_files)


def _is_read_once(run: FeedRun, part: list[Opened]) -> bool:
    """Whether files are judged as they are read.

    Text is read by one thread, and judged by all once it is written down; a mapping may draw on a row more than once;
    and one bad file of many must not cost a transaction for each.
    """
    return run.mapping is None and len(part) <= FEW_FILES and all(item.reading.is_read_cheaply for item in part)


def _miss(run: FeedRun) -> None:
    """Say that no file is there; a required feed must have had some before."""
    said = f"no file matches {', '.join(run.source.files)} in {run.landing}"
    if run.contract.is_required and not run.has_rows():
        raise StellaError(
            f"{run.company.folder / 'company.yml'}: {run.contract.feed}: {said}. "
            "Every company needs this feed: put its files there, or correct the pattern or the landing folder."
        )
    run.warnings.append(said)


def _open(run: FeedRun, file: Found, known: Known, taken: set[str]) -> Opened | None:
    """Open a file whose content is new; set it aside if it cannot be read."""
    digest: str | None = None
    try:
        digest = content_hash(file.path)
        if known.is_loaded(file.name, digest) or digest in taken:
            copy = Load(
                run.contract.feed, file.name, digest, "already_loaded",
                file_bytes=file.size, file_modified_ns=file.modified_ns,
            )  # fmt: skip
            note_copy(run.connection, copy, run.moment)
            return None
        columns = {c.name: c.type for c in run.contract.columns}
        reading = in_line(run, open_file(run.connection, file, run.source, columns, run.place))
    except FileFault as fault:
        run.refuse(file, digest, fault)
        return None
    except OSError as fault:
        if is_disk_full(fault):
            raise
        run.refuse(file, digest, PassingFault(f"it cannot be read ({fault.strerror or type(fault).__name__})"))
        return None
    return Opened(file, digest, reading)


def _write_set_aside(connection: duckdb.DuckDBPyConnection, settings: Settings, feed: str) -> None:
    """Write the list of the feed's files whose last try was in vain; no list where there is none."""
    rows = connection.execute(
        "select file, reason, loaded_at from raw._load where feed = ? and status = 'set_aside' and load_id in "
        "(select max(load_id) from raw._load where feed = ? group by file) order by file", [feed, feed],
    ).fetchall()  # fmt: skip
    target = settings.set_aside / f"{feed}.csv"
    if not rows:
        target.unlink(missing_ok=True)
        return
    settings.set_aside.mkdir(parents=True, exist_ok=True)
    with target.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["file", "reason", "tried_at"])
        writer.writerows((file, reason, tried_at.isoformat()) for file, reason, tried_at in rows)
