"""The end of an erasure: the warehouse rewritten, former versions dropped, every file searched, and the receipts.

Belongs here: what a receipt says and how it is verified. The steps before are in `erasure.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
from rich.console import Console

from dagster_project.operations import unfinished
from dagster_project.operations.plain import plain
from dagster_project.operations.session import Session
from dagster_project.operations.unfinished import Unfinished
from dagster_project.privacy import tombstones, trace_files
from dagster_project.privacy.subject import Subject
from dagster_project.publishing.publish import LINK
from dagster_project.settings import Settings


@dataclass(frozen=True)
class Receipt:
    """What an erasure did: rows by table, files by their path below the working folder, and what was still found.

    Attributes:
        erasure_id: its number, also in `raw._erasures`.
        erased_at: when it began (ISO, UTC).
        tombstones: how many identifiers are kept out from now on.
        shared_identifiers_kept: how many others have too, so that they stayed.
        short_identifiers_not_searched: how many are too short to be told from other texts in files.
        rows: rows removed or blanked, by table.
        files: files out of which the request's persons were taken.
        files_removed: copies that could not be cleaned value by value and were removed.
        searched_files: how many files were searched for him afterwards.
        found_in: those in which he still is.
    """

    erasure_id: str
    erased_at: str
    tombstones: int
    shared_identifiers_kept: int
    short_identifiers_not_searched: int
    rows: dict[str, int]
    files: list[str]
    files_removed: list[str]
    searched_files: int
    found_in: list[str]

    @property
    def is_verified(self) -> bool:
        """Whether the search of every file found nothing."""
        return not self.found_in


def conclude(session: Session, console: Console, rewrite: Callable[[], None]) -> int:
    """Finish the erasure that has begun, after a run has published without its persons.

    Args:
        session: settings and company.
        console: where to print.
        rewrite: writes the warehouse into a fresh file.

    Returns:
        0 when the search found nothing, else 1.
    """
    settings = session.settings
    left = unfinished.read(settings)
    if left is None:
        return 0
    _drop_former_versions(settings)
    rewrite()
    files = [path for path in trace_files.files_below(_places(settings)) if path != unfinished.file(settings)]
    receipts = [_receipt(session, left, erasure_id, files) for erasure_id in left.subjects]
    with session.connection() as connection:
        for receipt in receipts:
            _write(settings, receipt)
            connection.execute(
                f"update {tombstones.ERASURES} set is_verified = ? where erasure_id = ?",
                [receipt.is_verified, receipt.erasure_id],
            )
    unfinished.finished(settings)
    for receipt in receipts:
        _show(console, receipt, unfinished.folder(settings) / f"{receipt.erasure_id}.json")
    return 0 if all(receipt.is_verified for receipt in receipts) else 1


def _drop_former_versions(settings: Settings) -> None:
    current = (settings.published / LINK).resolve()
    for version in (settings.published / "versions").glob("*"):
        if version != current:
            version.unlink()


def _places(settings: Settings) -> Iterator[Path]:
    home = settings.home.expanduser().resolve()
    yield settings.company_home
    yield from (folder for folder in (home / "dbt", settings.dagster_home) if folder.is_dir())


def _receipt(session: Session, left: Unfinished, erasure_id: str, files: list[Path]) -> Receipt:
    settings, subject = session.settings, left.subjects[erasure_id]
    home = settings.home.expanduser().resolve()
    removed = [name for name in left.cleaned if not (settings.company_home / name).exists()]
    return Receipt(
        erasure_id, left.moment.isoformat(), _tombstones(subject), len(subject.shared), subject.too_short,
        _rows(session, erasure_id), sorted(left.cleaned), sorted(removed), len(files),
        [str(path.relative_to(home)) for path in files if trace_files.find(path, subject.traces)],
    )  # fmt: skip


def _tombstones(subject: Subject) -> int:
    return len({identifier.message for identifier in subject.identifiers})


def _rows(session: Session, erasure_id: str) -> dict[str, int]:
    with duckdb.connect(str(session.settings.database), read_only=True) as reader:
        row = reader.execute(f"select removed from {tombstones.ERASURES} where erasure_id = ?", [erasure_id]).fetchone()
    return dict(json.loads(row[0])) if row else {}


def _write(settings: Settings, receipt: Receipt) -> None:
    path = unfinished.folder(settings) / f"{receipt.erasure_id}.json"
    text = json.dumps({**asdict(receipt), "is_verified": receipt.is_verified}, indent=2)
    path.write_text(text + "\n", encoding="utf-8")
    path.chmod(0o600)


def _show(console: Console, receipt: Receipt, path: Path) -> None:
    rows = sum(receipt.rows.values())
    console.print(
        f"Erased: {rows:,} rows removed or blanked, {len(receipt.files)} files cleaned or removed, "
        f"{receipt.tombstones} tombstones. Receipt: {plain(path)}",
        highlight=False,
        soft_wrap=True,
    )
    for file in receipt.files_removed:
        console.print(f"  removed, as it could not be cleaned: {plain(file)}", highlight=False, soft_wrap=True)
    if receipt.is_verified:
        console.print(f"Searched {receipt.searched_files:,} files: nothing of the person was found.", highlight=False)
    for file in receipt.found_in:
        console.print(f"  [red]still found in[/red] {plain(file)}", highlight=False, soft_wrap=True)
