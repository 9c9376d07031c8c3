"""What persons ask for: who is to be erased, and the copy of what is kept of one (`stella export-person`)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from dagster_project.operations.session import Session
from dagster_project.privacy.subject import find_subject
from dagster_project.privacy.tombstones import rows_of
from dagster_project.settings import StellaError


def read_requests(customer: str | None, file: Path | None) -> list[str]:
    """Read who is to be erased, from the option or from a file with one identifier a line; `#` begins a remark.

    Raises:
        StellaError: neither or both are given, or the file cannot be read or names nobody.
    """
    if (customer is None) == (file is None):
        raise StellaError("Say who is to be erased: --customer WHO, or --file with one of them a line.")
    if file is None:
        return [customer or ""]
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise StellaError(f"{file}: it cannot be read ({type(fault).__name__}).") from None
    named = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not named:
        raise StellaError(f"{file}: it names nobody. One identifier a line is wanted.")
    return list(dict.fromkeys(named))


def export(session: Session, customer: str, to: Path) -> int:
    """Write what is kept of a person as JSON (mode 0600); returns the number of rows.

    Raises:
        StellaError: nobody, or more than one, is known by that, or the file is there already.
    """
    if to.exists():
        raise StellaError(f"{to} is there already. Name another file.")
    if not session.settings.database.is_file():
        raise StellaError("Nobody is known here yet: no run has been made. Run `stella run` first.")
    with session.connection() as connection:
        subject = find_subject(connection, customer)
        rows = rows_of(connection, session.feed_classes, subject.identifiers)
    identifiers = sorted([i.kind, i.scope, i.value] for i in subject.identifiers)
    said = {"customer_id": subject.customer_id, "identifiers": identifiers, "records": rows}
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(said, out, indent=2, default=str, ensure_ascii=False)
    return sum(map(len, rows.values()))
