"""The verb `erase`: persons are taken out of everything the product keeps, and a receipt says from where.

Belongs here: the order of the steps. Each can be done again, and what is still to do is written down before the first:
an erasure that was stopped is finished by the next `stella erase`, `stella run` or `stella retry`.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
from rich.console import Console

from dagster_project import clock, database
from dagster_project.ingestion.scanning import content_hash
from dagster_project.operations import lock, standing, unfinished, upkeep
from dagster_project.operations.forgetting import forget_in_tables
from dagster_project.operations.outcome import EXIT_OK, EXIT_WARNINGS
from dagster_project.operations.receipt import conclude
from dagster_project.operations.requests import Request, subjects_of
from dagster_project.operations.run import run
from dagster_project.operations.session import Session
from dagster_project.operations.unfinished import Unfinished
from dagster_project.privacy import tombstones, trace_files
from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.known_persons import phrases_of
from dagster_project.settings import Settings, StellaError

VERB = "stella erase"
WAIT_SECONDS = 600
"""How long the run after an erasure waits for another that has begun meanwhile: the receipt comes after it."""


def erase(session: Session, requests: list[Request], console: Console) -> int:
    """Erase persons, build and publish anew without them, and search every file for what is left.

    Args:
        session: settings and company.
        requests: one for each person; several may name the same.
        console: where to print.

    Returns:
        0 when nothing of them was found afterwards, 1 otherwise or when the run failed.

    Raises:
        StellaError: nobody, or more than one person, is known by one of them; nothing was changed.
    """
    settings = session.settings
    if not settings.database.is_file():
        raise StellaError(f"No run has been made yet for {settings.company_name}: there is nobody to erase.")
    left = unfinished.read(settings)
    if left:
        code = and_finish_erasure(session, console, lambda: _run(session, console))
        requests = [request for request in requests if not left.names(request.text)]
        if code or not requests:
            return code
    with lock.hold(settings, VERB, settings.lock_wait):
        with session.connection() as connection:
            subjects, said = subjects_of(connection, requests, _key(session, connection))
        for sentence in said:
            console.print(sentence, highlight=False, markup=False, soft_wrap=True)
        if not subjects:
            return EXIT_OK
        moment = clock.now()
        named = {f"{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}": subject for subject in subjects}
        unfinished.write(settings, Unfinished(moment, named))
    return and_finish_erasure(session, console, lambda: _run(session, console))


def _run(session: Session, console: Console) -> int:
    return run(session, console, is_forced=True, wait_seconds=WAIT_SECONDS)


def is_unfinished(session: Session, console: Console) -> bool:
    """Whether an erasure has begun and is not finished, and say so."""
    left = unfinished.read(session.settings)
    if left:
        console.print(f"An erasure begun on {left.moment:%Y-%m-%d %H:%M} UTC was stopped; this run finishes it.")
    return left is not None


def and_finish_erasure(
    session: Session, console: Console, do: Callable[[], int], wait_seconds: int | None = None
) -> int:
    """Run, and with it finish the erasure that has begun, if one has.

    Args:
        session: settings and company.
        console: where to print.
        do: the run, or what was left of one; gives its exit code.
        wait_seconds: how long to wait for another run to end; the setting's, if not given.

    Returns:
        The run's exit code when no erasure was to be finished; else 0, or 1 when something was found, or the run failed
        and the erasure waits for the next one.
    """
    settings = session.settings
    if not unfinished.file(settings).is_file():
        return do()
    patience = settings.lock_wait if wait_seconds is None else wait_seconds
    with lock.hold(settings, VERB, patience):
        _forget(session)
    code = do()
    if code not in {EXIT_OK, EXIT_WARNINGS}:
        console.print(
            "The erasure is not finished: nothing was published without the person. The next run finishes it."
        )
        return 1
    with lock.hold(settings, VERB, WAIT_SECONDS):
        return conclude(session, console, lambda: rewrite(settings))


def _key(session: Session, connection: duckdb.DuckDBPyConnection) -> PseudonymKey:
    key = session.key_to_publish(connection)
    if key is None:
        raise StellaError(
            "Tombstones are made with the secret key, and STELLA_PSEUDONYM_KEY is not set. Run `stella key` once."
        )
    return key


def _forget(session: Session) -> None:
    """Take the persons out of files, then out of the warehouse, whole or not at all."""
    settings, left = session.settings, unfinished.read(session.settings)
    if left is None:
        return
    standing.forget(settings)
    upkeep.forget(settings)
    left = _clean_files(session, left)
    shutil.rmtree(settings.company_home / "replays", ignore_errors=True)
    with session.connection() as connection:
        key = _key(session, connection)
        tombstones.prepare(connection)
        done = {i for (i,) in connection.execute(f"select erasure_id from {tombstones.ERASURES}").fetchall()}
        if set(left.subjects) <= done:
            return
        connection.execute("begin")
        for erasure_id, subject in left.subjects.items():
            told = phrases_of(connection, subject.attributes)
            tombstones.bury(connection, [*subject.identifiers, *told], key, left.moment)
            rows = forget_in_tables(connection, subject, session.feed_classes, key)
            connection.execute(
                f"insert into {tombstones.ERASURES} values (?, ?, ?, null)",
                [erasure_id, left.moment, json.dumps(rows)],
            )
        for name, before in left.cleaned.items():
            _note_cleaned(connection, before, settings.company_home / name)
        connection.execute("commit")


def _clean_files(session: Session, left: Unfinished) -> Unfinished:
    settings = session.settings
    sought = sorted(
        {trace for subject in left.subjects.values() for trace in subject.traces}, key=lambda t: (-len(t), t)
    )
    attributes = sorted(
        {text for subject in left.subjects.values() for text in subject.attributes}, key=len, reverse=True
    )
    own = unfinished.file(settings)
    for path in trace_files.files_below([settings.company_home]):
        if path == own or path.suffix in trace_files.DATABASES or not trace_files.find(path, sought):
            continue
        name = str(path.relative_to(settings.company_home))
        before = content_hash(path) if "landing" in path.parts else ""
        left = unfinished.note_cleaned(settings, left, name, before)
        trace_files.clean(path, sought, attributes, _drops_lines(session, path))
    return left


def _drops_lines(session: Session, path: Path) -> bool:
    """Whether a record that names the person goes whole: it is a file of a feed without money, one record a line."""
    kept = {feed.name: feed.is_kept for feed in session.feed_classes}
    return "landing" in path.parts and not kept.get(path.parent.name, True) and ".json" not in path.suffixes


def _note_cleaned(connection: duckdb.DuckDBPyConnection, before: str, path: Path) -> None:
    """Let the register know the cleaned file, so that it does not count as new."""
    if not before or not path.is_file():
        return
    stat = path.stat()
    connection.execute(
        "update raw._load set file_hash = ?, file_bytes = ?, file_modified_ns = ? where file_hash = ?",
        [content_hash(path), stat.st_size, stat.st_mtime_ns, before],
    )


def rewrite(settings: Settings) -> None:
    """Write the warehouse into a fresh file, whole or not at all: the old one keeps deleted rows in freed blocks."""
    for left in settings.database.parent.glob(f".{settings.database.name}.*"):
        left.unlink()
    part = settings.database.with_name(f".{settings.database.name}.part")
    with duckdb.connect() as connection:
        database.set_limits(connection, settings)
        connection.execute(f"attach {_literal(settings.database)} as old (read_only)")
        connection.execute(f"attach {_literal(part)} as fresh")
        connection.execute("copy from database old to fresh")
    part.chmod(0o600)
    part.replace(settings.database)


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
