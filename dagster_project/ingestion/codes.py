"""The code lists that several columns draw on, read from `sources/contracts/codes.yml`.

Belongs here: which codes there are, and how a name is folded before it is looked up. How a company's own names map
onto them is in its `company.yml`; the SQL that does it is in `typing_sql.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from dagster_project.ingestion.marked_yaml import parse, read_marked


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    values: tuple[str, ...] = ()
    unknown: str | None = None
    pattern: str | None = None
    zones: bool = False


@dataclass(frozen=True)
class CodeList:
    """A list of codes: by `values`, by the `pattern` of their form, or every time zone the engine knows (`zones`)."""

    name: str
    values: tuple[str, ...] = ()
    unknown: str | None = None
    pattern: str | None = None
    zones: bool = False


def load_code_lists(path: Path) -> Mapping[str, CodeList]:
    """Read the code lists by name.

    Raises:
        StellaError: the file is broken; the message names the line.
    """
    marked = read_marked(path)
    lists: dict[str, CodeList] = {}
    for name, value in (marked.value or {}).items():
        entry = parse(_Entry, marked, value, (name,))
        if sum((bool(entry.values), entry.pattern is not None, entry.zones)) != 1:
            raise marked.fault((name,), f"{name}: give one of values, pattern and zones.")
        if entry.unknown is not None and entry.unknown not in entry.values:
            raise marked.fault((name, "unknown"), f"{name}: {entry.unknown!r} is not among its values.")
        if entry.pattern is not None:
            re.compile(entry.pattern)
        lists[name] = CodeList(name, entry.values, entry.unknown, entry.pattern, entry.zones)
    return lists


def fold(name: str) -> str:
    """Fold a name for looking it up: lower case, trimmed, inner spaces and hyphens as underscores."""
    return re.sub(r"[\s\-]+", "_", name.strip().lower())
