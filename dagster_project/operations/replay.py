"""The verb `replay`: warehouse, scores and decisions as they would have been made on a past day with what was known.

Belongs here: which moment and day are meant, the working folder of its own, and the file that comes out of it. What
was known is copied by `known.py`; the building is the main job's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from dagster_project import clock
from dagster_project.ingestion.store import check_columns
from dagster_project.operations import dbt
from dagster_project.operations.known import copy_known, first_known
from dagster_project.operations.lock import hold, lock_file
from dagster_project.operations.outcome import EXIT_FAILED, EXIT_OK
from dagster_project.operations.progress import progress, show_on_terminal
from dagster_project.operations.run import show_outcome
from dagster_project.operations.session import Session
from dagster_project.publishing.publish import LINK
from dagster_project.settings import FIRST_DAY, LAST_DAY, Settings, StellaError

VERB = "stella replay"


class ReplaySettings(Settings):
    """The settings of a replay: those of the company, but a working folder of its own."""

    folder: Path

    @property
    def company_home(self) -> Path:
        """The working folder of the replay."""
        return self.folder

    @property
    def dagster_home(self) -> Path:
        """Dagster's storage of the replay, so that its runs are not taken for those of the company."""
        return self.folder / "dagster"


@dataclass(frozen=True)
class Moment:
    """What a replay is about: what was known at `known_at` (with offset), scored and decided for the day `as_of`."""

    known_at: datetime
    as_of: date

    @property
    def name(self) -> str:
        """A file name that tells both."""
        return f"known-{self.known_at:%Y%m%dT%H%M%SZ}_as-of-{self.as_of}"


def moment_of(known_at: datetime, as_of: date | None, zone: ZoneInfo) -> Moment:
    """Say which moment is meant: a day without a time is known to its end, in the company's time zone.

    Raises:
        StellaError: it lies in the future, or the day is none for which the house can be built.
    """
    if as_of and not FIRST_DAY <= as_of <= LAST_DAY:
        raise StellaError(f"--as-of {as_of}: give a day from {FIRST_DAY} to {LAST_DAY}.")
    now = clock.now()
    is_day = known_at.tzinfo is None
    day = known_at.date() if is_day else known_at.astimezone(zone).date()
    if (day > now.astimezone(zone).date()) if is_day else (known_at > now):
        raise StellaError(
            f"--known-at {known_at.isoformat() if not is_day else day}: that lies in the future; it is "
            f"{now.astimezone(zone):%Y-%m-%d %H:%M}. Nobody knows yet what will have arrived by then."
        )
    end = datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1)
    return Moment(min(end if is_day else known_at, now).astimezone(UTC), as_of or day)


def replay(session: Session, known_at: datetime, as_of: date | None, to: Path | None, console: Console) -> int:
    """Build what would have been published; give 0, or 1 when a step failed and nothing was written.

    Raises:
        StellaError: the moment lies in the future or before the first load, `to` cannot be written, a contract has won
            a column since the last load, or the warehouse or the replay's folder is in use.
    """
    moment = moment_of(known_at, as_of, session.company.zone)
    target = _target(session.settings, moment, to)
    console.print(
        f"[bold]Replay[/bold]  what was known at {moment.known_at:%Y-%m-%d %H:%M:%S} UTC, as of {moment.as_of}",
        highlight=False,
    )
    if moment.as_of > moment.known_at.astimezone(session.company.zone).date():
        console.print("[yellow]note[/yellow]  the day lies after what is known: the days between are empty.")
    then = Session(_settings_of(session.settings, moment))
    with _working_folder(session.settings, then.settings), _clock_at(moment, session.settings):
        with hold(session.settings, VERB, session.settings.lock_wait):
            with session.connection() as connection:
                check_columns(connection, session.contracts)
            _fill(session.settings, then, moment)
        return _build(then, target, console)


def _settings_of(settings: Settings, moment: Moment) -> Settings:
    changed = {"folder": settings.company_home / ".replay", "as_of": moment.as_of, "now": moment.known_at}
    return ReplaySettings(**(settings.model_dump() | changed))


def _target(settings: Settings, moment: Moment, to: Path | None) -> Path:
    if to is None:
        folder = settings.company_home / "replays"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{moment.name}.duckdb"
    target = to.expanduser().resolve()
    if target.exists():
        raise StellaError(f"--to {to}: it exists already. Remove it, or name another file.")
    if not target.parent.is_dir():
        raise StellaError(f"--to {to}: there is no folder {target.parent}. Make it, or name another file.")
    return target


@contextmanager
def _working_folder(settings: Settings, then: Settings) -> Iterator[None]:
    """Lend an empty folder, one replay at a time; it is empty again afterwards, as it holds personal data."""
    if not settings.database.is_file():
        raise StellaError(f"No run has been made yet for {settings.company_name}: nothing is known. Run `stella run`.")
    folder = then.company_home
    folder.mkdir(mode=0o700, exist_ok=True)
    with hold(then, VERB):
        _empty(folder)
        try:
            yield
        finally:
            _empty(folder)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != lock_file(folder):
            path.unlink()


@contextmanager
def _clock_at(moment: Moment, settings: Settings) -> Iterator[None]:
    clock.set_to(moment.known_at)
    try:
        yield
    finally:
        clock.set_to(settings.now)


def _fill(settings: Settings, then: Session, moment: Moment) -> None:
    manifest = dbt.manifest_json(then.settings)
    ledgers = {s["identifier"] for s in manifest["sources"].values() if s["source_name"] == "ledger"}
    then.built.update(name for name, node in manifest["nodes"].items() if node["resource_type"] == "seed")
    with progress.step("raw rows, ledgers and lists as they were") as step, then.connection() as connection:
        path = str(settings.database).replace("'", "''")
        connection.execute(f"attach '{path}' as origin (read_only)")
        try:
            first = first_known(connection, "origin")
            if first is None or first > moment.known_at:
                raise StellaError(
                    f"By {moment.known_at:%Y-%m-%d %H:%M:%S} UTC nothing had arrived: "
                    + (f"the first load was at {first:%Y-%m-%d %H:%M:%S} UTC." if first else "nothing was ever loaded.")
                )
            step.rows = copy_known(connection, "origin", moment.known_at, ledgers)
        finally:
            connection.execute("detach origin")


def _build(then: Session, target: Path, console: Console) -> int:
    from dagster_project.defs.run import run_job  # noqa: PLC0415 - Dagster takes seconds to import

    end = show_on_terminal(console)
    try:
        outcome = run_job(then, "rebuild")
    finally:
        end()
    show_outcome(console, outcome)
    if not outcome.is_success:
        console.print("Nothing was written.")
        return EXIT_FAILED
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(then.settings.published / LINK, part)
    part.replace(target)
    console.print(f"\n[bold]Replayed[/bold]  {target}", highlight=False, soft_wrap=True)
    return EXIT_OK
