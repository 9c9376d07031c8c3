"""A feed that comes from a database: its rows fetched, judged and stored, its watermark moved with them.

Belongs here: the order of those steps. Reaching the database is in `postgres_source.py`.
"""

from __future__ import annotations

from dagster_project.ingestion.backfill import note_files
from dagster_project.ingestion.batches import by_file, entry
from dagster_project.ingestion.fault import FileFault
from dagster_project.ingestion.feed_run import FeedRun, judge_and_store
from dagster_project.ingestion.landing import Incoming, detach, land_lookups, mapped, unmapped
from dagster_project.ingestion.postgres_source import Fetched, fetch, keep_watermark, source_name
from dagster_project.ingestion.store import register


def load_query(run: FeedRun) -> None:
    """Load the rows of a query from its watermark on; a database that cannot be read is set aside like a file.

    Where days are asked for again, all rows are fetched and the watermark stays.

    Raises:
        StellaError: the query or the mapping is at fault.
    """
    name, source = source_name(run.source), run.source
    if run.days is None:
        run.files.append(name)
    else:
        note_files(run.connection, run.contract.feed, {})
        source = source.model_copy(update={"watermark": None})
    try:
        fetched = fetch(run.connection, source, run.contract.feed)
        incoming = _incoming(run, fetched, name)
        _store(run, incoming, fetched, name)
    except FileFault as fault:
        run.set_aside(name, None, str(fault))


def _incoming(run: FeedRun, fetched: Fetched, name: str) -> Incoming:
    if run.mapping is None:
        return unmapped(run.connection, fetched.columns)
    lookups = land_lookups(run.connection, run.company, run.landing, run.place)
    try:
        incoming, _ = mapped(run.connection, run.mapping, fetched.columns, name)
        return incoming
    finally:
        detach(run.connection, lookups)


def _store(run: FeedRun, incoming: Incoming, fetched: Fetched, name: str) -> None:
    run.connection.execute("begin transaction")
    try:
        stored = judge_and_store(run, incoming, False, name)
        sides = (stored.candidates, stored.accepted, stored.refused)
        candidates, accepted, refused = (by_file(side, [name])[name] for side in sides)
        load = entry(run.contract.feed, name, None, candidates, accepted, refused)
        register(run.connection, [load], run.moment)
        keep_watermark(run.connection, run.contract.feed, fetched, run.moment)
        run.connection.execute("commit")
    except BaseException:
        run.connection.execute("rollback")
        raise
    run.stored.append(load)
    run.vanished = stored.vanished
