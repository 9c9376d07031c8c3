"""Who is to be erased: read from the option or a file, and found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.subject import Subject, describe, fault_of, find_customers, possible
from dagster_project.privacy.tombstones import erased_at
from dagster_project.settings import StellaError

FAULTS_SHOWN = 20


@dataclass(frozen=True)
class Request:
    """A person as the request names him, and where: messages say the place and never the text."""

    text: str
    place: str


def read_requests(customer: str | None, file: Path | None) -> list[Request]:
    """Read who is to be erased, from the option or from a file with one identifier a line; `#` begins a remark.

    Raises:
        StellaError: neither or both are given, or the file cannot be read or names nobody.
    """
    if (customer is None) == (file is None):
        raise StellaError("Say who is to be erased: --customer WHO, or --file with one of them a line.")
    if file is None:
        return [Request(customer or "", "--customer")]
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise StellaError(f"{file}: it cannot be read ({type(fault).__name__}).") from None
    found: dict[str, Request] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            found.setdefault(line.strip(), Request(line.strip(), f"{file.name}, line {number}"))
    if not found:
        raise StellaError(f"{file}: it names nobody. One identifier a line is wanted.")
    return list(found.values())


def subjects_of(
    connection: duckdb.DuckDBPyConnection, requests: Sequence[Request], key: PseudonymKey
) -> tuple[list[Subject], list[str]]:
    """Find the persons of the requests, each once, and say of which requests nothing is left to do.

    Raises:
        StellaError: one of them names nobody, or more than one person; every one that does is told.
    """
    customers: dict[int, None] = {}
    said, faults = [], []
    for request in requests:
        found = find_customers(connection, request.text)
        before = erased_at(connection, possible(connection, request.text), key) if not found else None
        if before:
            said.append(f"{request.place}: this person was erased on {before:%Y-%m-%d} already.")
        elif len(found) == 1:
            customers[found[0]] = None
        else:
            faults.append(f"{request.place}: {fault_of(found)}")
    if faults:
        more = f" And {len(faults) - FAULTS_SHOWN} more." if len(faults) > FAULTS_SHOWN else ""
        raise StellaError("\n".join(faults[:FAULTS_SHOWN]) + f"{more}\nNothing was changed.")
    return describe(connection, list(customers)), said
