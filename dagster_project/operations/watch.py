"""Looking at the landing folder now and then: whether files have come that are whole and that no run has tried.

Belongs here: one look. How often is the sensor's affair, and what becomes of the files that of a run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from dagster_project.ingestion.files import Found, find_files
from dagster_project.ingestion.news import new_files
from dagster_project.operations.lock import hold
from dagster_project.operations.session import Session

VERB = "a look at the landing folder"


@dataclass(frozen=True)
class Look:
    """What was seen. `seen` is for the next look; `moving` names files unlike the last time; `new` those to be loaded.

    `key` names the settled files with their sizes and times: as long as it is the same, nothing has come.
    """

    seen: Mapping[str, list[int]]
    moving: list[str]
    new: list[str]
    key: str


def look(session: Session, seen_before: Mapping[str, list[int]], key_before: str = "") -> Look:
    """Look at the files of all feeds.

    A file counts once its size and time are as they were at the look before; one that still moves is left for the next.

    Raises:
        HeldError: a run is at work.
    """
    files = _files(session)
    seen = {name: [file.size, file.modified_ns] for name, file in files.items()}
    settled = {name for name, stamp in seen.items() if list(seen_before.get(name, ())) == stamp}
    key = hashlib.sha256(json.dumps(sorted((name, seen[name]) for name in settled)).encode()).hexdigest()
    new: list[str] = []
    if settled and key != key_before:
        # Only then is the warehouse asked: it is opened for writing, and must be free.
        with hold(session.settings, VERB), session.connection() as connection:
            found = new_files(connection, session.settings, session.company)
            new = sorted({file.name for file in found if file.name in settled})
    return Look(seen, sorted(set(seen) - settled), new, key)


def _files(session: Session) -> dict[str, Found]:
    landing = session.company.landing_folder(session.settings.company_home)
    return {file.name: file for source in session.company.feeds.values() for file in find_files(landing, source)}
