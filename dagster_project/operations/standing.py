"""What the last finished run left standing, and whether another run could come to anything else.

A run's result depends on the rows in `raw`, the day, the settings, and the texts that say what to do: code, models,
seeds, contracts, the company's folder. Where all of them are as they were, there is nothing to do.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from dagster_project.ingestion.news import has_news
from dagster_project.operations.session import Session
from dagster_project.operations.upkeep import add_texts
from dagster_project.privacy.key import key_name
from dagster_project.publishing.publish import LINK
from dagster_project.settings import Settings


@dataclass(frozen=True)
class Standing:
    """A finished run: what it depended on besides the rows in `raw`, when it ended (ISO), and its exit code."""

    fingerprint: str
    ended_at: str
    exit_code: int


def _file(settings: Settings) -> Path:
    return settings.company_home / "standing.json"


def remember(session: Session, connection: duckdb.DuckDBPyConnection, ended_at: str, exit_code: int) -> None:
    """Note that a run was finished."""
    standing = Standing(_fingerprint(session, connection), ended_at, exit_code)
    _file(session.settings).write_text(json.dumps(asdict(standing)))


def forget(settings: Settings) -> None:
    """Note that a run is at work: until it is finished, nothing stands."""
    _file(settings).unlink(missing_ok=True)


def still_standing(session: Session) -> Standing | None:
    """Return the last finished run if another one would only repeat it.

    Raises:
        StellaError: another process holds the warehouse.
    """
    settings = session.settings
    if not (_file(settings).is_file() and settings.database.is_file() and (settings.published / LINK).exists()):
        return None
    standing = Standing(**json.loads(_file(settings).read_text()))
    with session.connection() as connection:
        if has_news(connection, settings, session.company):
            return None
        return standing if standing.fingerprint == _fingerprint(session, connection) else None


def _fingerprint(session: Session, connection: duckdb.DuckDBPyConnection) -> str:
    digest = hashlib.sha256(session.settings.model_dump_json().encode())
    # The settings print their secrets as stars; that another key is in force must show all the same.
    key = session.pseudonym_key
    digest.update((key_name(key.current) if key else "no key").encode())
    digest.update(session.as_of(connection).isoformat().encode())
    add_texts(digest, session)
    return digest.hexdigest()
