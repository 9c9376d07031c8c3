"""The verb `erase`: a person is taken out of everything the product keeps, and a receipt says from where.

Belongs here: the order of the steps. Files first, then the warehouse, whose ledger is what finds the person: an erasure
that was stopped is begun again with the same request.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from rich.console import Console

from dagster_project import clock, database
from dagster_project.ingestion.scanning import content_hash
from dagster_project.operations import lock, standing
from dagster_project.operations.forgetting import forget_in_tables
from dagster_project.operations.plain import plain
from dagster_project.operations.run import run
from dagster_project.operations.session import Session
from dagster_project.privacy import tombstones, traces
from dagster_project.privacy.guard import Guard
from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.subject import Subject, find_subject
from dagster_project.publishing.publish import LINK
from dagster_project.settings import Settings, StellaError

VERB = "stella erase"
WAIT_SECONDS = 600
"""How long the run after an erasure waits for another that has begun meanwhile: the receipt comes after it."""


@dataclass(frozen=True)
class Receipt:
    """What an erasure did: rows by table, files by their path below the working folder, and what was still found."""

    erasure_id: str
    erased_at: str
    tombstones: int
    shared_identifiers_kept: int
    rows: dict[str, int]
    files: list[str]
    searched_files: int
    found_in: list[str]
    run_exit_code: int

    @property
    def is_verified(self) -> bool:
        """Whether the search of every file found nothing."""
        return not self.found_in


def erase(session: Session, named: list[str], console: Console) -> int:
    """Erase persons, build and publish anew without them, and search every file for what is left.

    Args:
        session: settings and company.
        named: one identifier for each person.
        console: where to print.

    Returns:
        0 when nothing of them was found afterwards, 1 otherwise or when the run failed.

    Raises:
        StellaError: nobody, or more than one person, is known by an identifier; nothing was changed.
    """
    settings = session.settings
    if not settings.database.is_file():
        raise StellaError(f"No run has been made yet for {settings.company_name}: there is nobody to erase.")
    with lock.hold(settings, VERB, settings.lock_wait):
        with session.connection() as connection:
            subjects = [find_subject(connection, name) for name in named]
            key = _key(session, connection)
        standing.forget(settings)
        moment = clock.now()
        done = [_erase_one(session, subject, key, moment) for subject in subjects]
        rewrite(settings)
    run_exit_code = run(session, console, is_forced=True, wait_seconds=WAIT_SECONDS)
    with lock.hold(settings, VERB, settings.lock_wait):
        _drop_former_versions(settings)
        receipts = [_verify(session, s, moment, d, run_exit_code) for s, d in zip(subjects, done, strict=True)]
    for receipt, path in receipts:
        _show(console, receipt, path)
    return 0 if all(r.is_verified and r.run_exit_code in {0, 3} for r, _ in receipts) else 1


def _key(session: Session, connection: duckdb.DuckDBPyConnection) -> PseudonymKey:
    key = session.key_to_publish(connection)
    if key is None:
        raise StellaError(
            "Tombstones are made with the secret key, and STELLA_PSEUDONYM_KEY is not set. Run `stella key` once."
        )
    return key


@dataclass(frozen=True)
class _Done:
    tombstones: int
    rows: dict[str, int]
    files: list[str]


def _erase_one(session: Session, subject: Subject, key: PseudonymKey, moment: datetime) -> _Done:
    cleaned: dict[str, tuple[str, Path]] = {}
    for path in traces.files_below([session.settings.company_home]):
        before = content_hash(path) if "landing" in path.parts else ""
        if traces.clean(path, subject.traces, subject.attributes, _drops_lines(session, path)):
            cleaned[str(path.relative_to(session.settings.company_home))] = (before, path)
    shutil.rmtree(session.settings.company_home / "replays", ignore_errors=True)
    with session.connection() as connection:
        connection.execute("begin")
        count = tombstones.bury(connection, subject.identifiers, key, moment)
        rows = tombstones.keep_out(connection, session.feed_classes, key)
        rows = {f"raw.{feed}": n for feed, n in rows.items()}
        for feed in session.feed_classes:
            rows[f"quarantine.{feed.name}"] = Guard(feed, key).blank_refused(connection, f"quarantine.{feed.name}")
        for table, n in forget_in_tables(connection, subject, session.feed_classes).items():
            rows[table] = rows.get(table, 0) + n
        for before, path in cleaned.values():
            _note_cleaned(connection, before, path)
        connection.execute("commit")
    return _Done(count, rows, sorted(cleaned))


def _drops_lines(session: Session, path: Path) -> bool:
    """Whether a record that names the person goes whole: it is a file of a feed without money, one record a line."""
    kept = {feed.name: feed.is_kept for feed in session.feed_classes}
    return "landing" in path.parts and not kept.get(path.parent.name, True) and ".json" not in path.suffixes


def _note_cleaned(connection: duckdb.DuckDBPyConnection, before: str, path: Path) -> None:
    """Let the register know the cleaned file, so that it does not count as new."""
    stat = path.stat()
    connection.execute(
        "update raw._load set file_hash = ?, file_bytes = ?, file_modified_ns = ? where file_hash = ?",
        [content_hash(path), stat.st_size, stat.st_mtime_ns, before],
    )


def rewrite(settings: Settings) -> None:
    """Write the warehouse into a fresh file, whole or not at all: the old one keeps deleted rows in freed blocks."""
    part = settings.database.with_name(f".{settings.database.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        database.set_limits(connection, settings)
        connection.execute(f"attach {_literal(settings.database)} as old (read_only)")
        connection.execute(f"attach {_literal(part)} as fresh")
        connection.execute("copy from database old to fresh")
    part.chmod(0o600)
    part.replace(settings.database)


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _drop_former_versions(settings: Settings) -> None:
    current = (settings.published / LINK).resolve()
    for version in (settings.published / "versions").glob("*"):
        if version != current:
            version.unlink()


def _places(settings: Settings) -> Iterator[Path]:
    home = settings.home.expanduser().resolve()
    yield settings.company_home
    yield from (folder for folder in (home / "dbt", settings.dagster_home) if folder.is_dir())


def _verify(
    session: Session, subject: Subject, moment: datetime, done: _Done, run_exit_code: int
) -> tuple[Receipt, Path]:
    settings = session.settings
    files = list(traces.files_below(_places(settings)))
    found = [str(f.relative_to(settings.home.expanduser().resolve())) for f in files if traces.find(f, subject.traces)]
    receipt = Receipt(
        f"{moment:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}", moment.isoformat(), done.tombstones, len(subject.shared),
        done.rows, done.files, len(files), found, run_exit_code,
    )  # fmt: skip
    text = json.dumps({**asdict(receipt), "is_verified": receipt.is_verified}, indent=2)
    folder = settings.company_home / "erasures"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{receipt.erasure_id}.json"
    path.write_text(text + "\n", encoding="utf-8")
    path.chmod(0o600)
    with session.connection() as connection:
        connection.execute(
            f"insert into {tombstones.ERASURES} values (?, ?, ?, ?)",
            [receipt.erasure_id, moment, json.dumps(done.rows), receipt.is_verified],
        )
    return receipt, path


def _show(console: Console, receipt: Receipt, path: Path) -> None:
    rows = sum(receipt.rows.values())
    console.print(
        f"Erased: {rows:,} rows removed or blanked, {len(receipt.files)} files cleaned, "
        f"{receipt.tombstones} tombstones. Receipt: {plain(path)}",
        highlight=False,
        soft_wrap=True,
    )
    if receipt.is_verified:
        console.print(f"Searched {receipt.searched_files:,} files: nothing of the person was found.", highlight=False)
    for file in receipt.found_in:
        console.print(f"  [red]still found in[/red] {plain(file)}", highlight=False, soft_wrap=True)
