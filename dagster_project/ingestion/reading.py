"""How a file becomes a relation: what every reader gives, and how names and texts stand in SQL.

Belongs here: the common form. The readers are `reading_csv.py`, `reading_json.py`, `reading_tables.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

# What every reader adds to a file's own columns.
RESERVED = ("_file", "_line", "_fault", "_whole")


@dataclass(frozen=True)
class Reading:
    """A file as a `select` of its own columns, `_line`, `_fault` (why the row cannot be read) and `_whole` (JSON).

    `columns` gives the engine's type of each of the file's own columns. `dropped` are lines that are in no select: they
    were cut out of a clean copy, by number, with what they said. `tables` must be registered by name while it is read.
    With `is_read_cheaply` it costs less to read it twice than to keep it. With `has_optional_columns` a column that no
    row fills is not there at all, as in JSON; with `has_no_rows` none is.
    """

    select: str
    columns: Mapping[str, str]
    dropped: tuple[tuple[int, str, str], ...] = ()
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    has_optional_columns: bool = False
    is_read_cheaply: bool = False
    has_no_rows: bool = False


@dataclass(frozen=True)
class Place:
    """What a reader may use: a folder for clean copies, and the largest size in bytes."""

    scratch: Path
    limit: int


def literal(text: object) -> str:
    """Write a text as a SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Write a name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def unique_names(names: list[str]) -> list[str]:
    """Name what has no name `column_3`, and number what has the name of another or one of ours, whatever the case.

    No statement can hold a NUL, so a name's are replaced.
    """
    taken = set(RESERVED)
    unique: list[str] = []
    for position, given in enumerate(names, start=1):
        base = name = given.replace("\0", "\ufffd").strip().strip("\ufeff") or f"column_{position}"
        number = 2
        while name.lower() in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name.lower())
        unique.append(name)
    return unique
