"""Whether a run may bring the tables up to date, or must build them whole.

It may where the last run ended well and nothing has changed since but the day and what landed: the same code, models,
seeds, contracts and company, and every row that `raw` held is still there. The moment of the last load then parts the
rows that the tables know from those that are new to them. Whatever else builds a table, in part or in a run that does
not end well, makes the next run build all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project import clock
from dagster_project.database import tables, used_blocks
from dagster_project.operations.session import CONTRACTS, Session
from dagster_project.settings import REPOSITORY, Settings

TEXTS = {".py", ".sql", ".yml", ".yaml", ".csv", ".css", ".md", ".lock"}
"""Endings of files that decide what a run does; data in a company's folder are found as news, not here."""

OF_THE_RUN = {"as_of_date", "is_day_given", "today", "loaded_after", "asks_written"}
"""Variables of dbt that change from run to run; no table that is brought up to date depends on them."""

GAPS = 0.25
"""How much the file may grow, by its size without gaps, before a run closes those that deleted rows have left."""


@dataclass(frozen=True)
class Built:
    """What the tables were built from: a fingerprint, the moment when they were (ISO), the rows of `raw` by feed.

    `is_sound` tells whether the tests of all of them held, `blocks` how large the file was when it last had no gaps;
    0 means that it has none.
    """

    fingerprint: str
    at: str
    rows: Mapping[str, int]
    is_sound: bool = False
    blocks: int = 0


def _file(settings: Settings) -> Path:
    return settings.company_home / "built.json"


def forget(settings: Settings) -> None:
    """Make the next run build everything whole: whoever changes rows of `raw`, or builds some tables only, calls it."""
    _file(settings).unlink(missing_ok=True)


def remember(session: Session, connection: duckdb.DuckDBPyConnection, is_sound: bool = True) -> None:
    """Note that every table is built from what `raw` holds now, and whether the tests of all of them held."""
    moment = _last_load(connection)
    if moment is not None:
        # Beliefs about identity are entered after the load; none of this run's is new to the next one.
        moment = max(moment, clock.now())
        fingerprint, rows = _fingerprint(session, connection), _rows(connection, moment)
        built = Built(fingerprint, moment.isoformat(), rows, is_sound, session.blocks)
        _file(session.settings).write_text(json.dumps(asdict(built)))


def known_to(session: Session, connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Return the moment up to which the tables know the rows of `raw`; none where they must be built whole."""
    file = _file(session.settings)
    if not file.is_file() or "_load" not in tables(connection, "raw"):
        return None
    built = Built(**json.loads(file.read_text()))
    moment = datetime.fromisoformat(built.at)
    if clock.now() <= moment:
        # The clock was set back: what this run loads would not look new.
        return None
    is_same = built.rows == _rows(connection, moment) and built.fingerprint == _fingerprint(session, connection)
    return moment if is_same else None


def blocks_without_gaps(settings: Settings, connection: duckdb.DuckDBPyConnection) -> int:
    """Count the blocks that the file had when it last had no gaps; 0 where it has grown so far that gaps are closed."""
    now = used_blocks(connection)
    before = Built(**json.loads(_file(settings).read_text())).blocks or now
    return before if now <= before * (1 + GAPS) else 0


def is_sound(settings: Settings) -> bool:
    """Whether the tests of all tables held when they were built."""
    file = _file(settings)
    return file.is_file() and Built(**json.loads(file.read_text())).is_sound


def texts(session: Session) -> Iterator[Path]:
    """Name the files that say what a run does: code, models, seeds, contracts, the company's folder."""
    code = [REPOSITORY / name for name in ("dagster_project", "dbt", "seeds", "requirements")]
    for folder in [*code, CONTRACTS]:
        yield from sorted(p for p in folder.rglob("*") if p.suffix in TEXTS and "target" not in p.parts)
    yield from sorted(p for p in session.company.folder.glob("*") if p.suffix in {".yml", ".sql"})


def add_texts(digest: Any, session: Session) -> None:
    """Put the names and contents of those files into a digest of `hashlib`."""
    for path in texts(session):
        digest.update(f"\n{path}\n".encode())
        digest.update(path.read_bytes())


def _fingerprint(session: Session, connection: duckdb.DuckDBPyConnection) -> str:
    variables = {k: v for k, v in session.dbt_variables(connection).items() if k not in OF_THE_RUN}
    digest = hashlib.sha256(json.dumps(variables, sort_keys=True).encode())
    add_texts(digest, session)
    return digest.hexdigest()


def _last_load(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    row = connection.execute("select max(loaded_at) from raw._load").fetchone()
    return row[0] if row else None


def _rows(connection: duckdb.DuckDBPyConnection, moment: datetime) -> dict[str, int]:
    """Count the rows of each feed that were loaded up to a moment: a column of few values, read by blocks."""
    feeds = sorted(name for name in tables(connection, "raw") if not name.startswith("_"))
    return {
        feed: row[0]
        for feed in feeds
        if (row := connection.execute(f'select count(*) from raw."{feed}" where _loaded_at <= ?', [moment]).fetchone())
    }
