"""An erasure that has begun and is not finished: what the next step, or the next command, needs to know of it.

Belongs here: the file `erasures/unfinished.json` (mode 0600). It holds what identifies the persons, as the last search
looks for exactly that; it is written before anything is changed, and goes away when their receipts are written.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from dagster_project.privacy.subject import Subject
from dagster_project.privacy.tombstones import Identifier
from dagster_project.settings import Settings


@dataclass(frozen=True)
class Unfinished:
    """The persons to erase, by the id of their erasure, and the files cleaned so far with the hash they had before."""

    moment: datetime
    subjects: dict[str, Subject]
    cleaned: dict[str, str] = field(default_factory=dict)

    def names(self, text: str) -> bool:
        """Whether one of the persons is known by a text."""
        wanted = text.strip().split(":", 1)[-1].strip().lower()
        return any(
            wanted == str(subject.customer_id) or any(wanted == i.value.lower() for i in subject.identifiers)
            for subject in self.subjects.values()
        )


def folder(settings: Settings) -> Path:
    """Make and name the folder of receipts."""
    path = settings.company_home / "erasures"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def file(settings: Settings) -> Path:
    """Name the file of what is not finished."""
    return settings.company_home / "erasures" / "unfinished.json"


def read(settings: Settings) -> Unfinished | None:
    """Read the erasure that is not finished; none where all are."""
    path = file(settings)
    if not path.is_file():
        return None
    said = json.loads(path.read_text(encoding="utf-8"))
    subjects = {
        erasure_id: Subject(
            one["customer_id"],
            frozenset(Identifier(*i) for i in one["identifiers"]),
            frozenset(Identifier(*i) for i in one["shared"]),
            frozenset(one["attributes"]),
        )
        for erasure_id, one in said["subjects"].items()
    }
    return Unfinished(datetime.fromisoformat(said["moment"]), subjects, said["cleaned"])


def write(settings: Settings, unfinished: Unfinished) -> None:
    """Write it, whole or not at all."""
    said = {
        "moment": unfinished.moment.isoformat(),
        "subjects": {
            erasure_id: {
                "customer_id": one.customer_id,
                "identifiers": sorted([i.kind, i.scope, i.value] for i in one.identifiers),
                "shared": sorted([i.kind, i.scope, i.value] for i in one.shared),
                "attributes": sorted(one.attributes),
            }
            for erasure_id, one in unfinished.subjects.items()
        },
        "cleaned": unfinished.cleaned,
    }
    path = folder(settings) / "unfinished.json"
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(said, out)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def note_cleaned(settings: Settings, unfinished: Unfinished, name: str, before: str) -> Unfinished:
    """Note, before a file is cleaned, that it is and what its hash was."""
    if name in unfinished.cleaned:
        return unfinished
    noted = replace(unfinished, cleaned={**unfinished.cleaned, name: before})
    write(settings, noted)
    return noted


def finished(settings: Settings) -> None:
    """Note that nothing is left to do."""
    file(settings).unlink(missing_ok=True)
    file(settings).with_name(".unfinished.json.part").unlink(missing_ok=True)
