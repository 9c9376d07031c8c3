"""What a contract says to the rest of the house.

Belongs here: the contract's own types and what follows from them. Reading it from its file is in `contracts.py`;
holding rows against it is in `checking.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from dagster_project.ingestion.codes import CodeList
from dagster_project.ingestion.odcs import Bound, Severity

Privacy = Literal["none", "personal", "sensitive"]

# What a breach of each general rule does unless the contract says otherwise.
BREACH: Mapping[str, Severity] = {
    "missing_column": "refuse_file", "unreadable": "refuse_file",
    "ragged": "refuse_row", "required": "refuse_row", "type": "refuse_row", "range": "refuse_row",
    "allowed_value": "refuse_row", "code_form": "refuse_row", "event_time": "refuse_row",
    "unknown_code": "warn", "extra_column": "warn", "reference": "warn", "freshness": "warn",
    "volume": "warn", "drift": "warn", "refused_share": "warn", "vanished_share": "warn",
}  # fmt: skip
_SQL_TYPES = {
    "string": "VARCHAR", "integer": "BIGINT", "boolean": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMPTZ",
    "list": "VARCHAR[]", "json": "JSON",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a feed. `type` is string, decimal, integer, boolean, date, timestamp, list or json."""

    name: str
    type: str
    required: bool
    key_position: int | None
    privacy: Privacy
    description: str
    values: tuple[str, ...] = ()
    code_list: CodeList | None = None
    minimum: Bound | None = None
    maximum: Bound | None = None
    scale: int = 4
    references: str | None = None

    @property
    def sql_type(self) -> str:
        """The column's type in `raw`."""
        return f"DECIMAL(18,{self.scale})" if self.type == "decimal" else _SQL_TYPES[self.type]

    @property
    def is_personal(self) -> bool:
        """Whether its values may not appear in a message or a log."""
        return self.privacy != "none"


@dataclass(frozen=True)
class RowRule:
    """A condition over a whole row; a row for which it is false breaks the rule."""

    name: str
    column: str
    condition: str
    message: str
    severity: Severity


@dataclass(frozen=True)
class Contract:
    """What one feed promises. `breach` says what the breach of each rule does.

    `absence` gives the column that says that a record is gone, and its value then; only such a feed may come as whole
    lists.
    """

    feed: str
    kind: str
    purpose: str
    grain: str
    columns: tuple[Column, ...]
    path: Path
    is_required: bool = False
    event_time: str | None = None
    money: tuple[str, ...] = ()
    derived: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[RowRule, ...] = ()
    fresh_column: str | None = None
    fresh_within: timedelta | None = None
    breach: Mapping[str, Severity] = field(default_factory=lambda: dict(BREACH))
    refused_share_limit: float = 1.0
    absence: Mapping[str, bool] = field(default_factory=dict)
    vanished_share_limit: float = 0.2

    @property
    def keys(self) -> tuple[str, ...]:
        """The key's columns, in order."""
        keyed = [c for c in self.columns if c.key_position is not None]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.key_position or 0))

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns, in the contract's order."""
        return tuple(c.name for c in self.columns)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns that must be there and not null."""
        return tuple(c.name for c in self.columns if c.required)

    @property
    def personal_columns(self) -> frozenset[str]:
        """The columns whose values may not appear in a message or a log."""
        return frozenset(c.name for c in self.columns if c.is_personal)

    @property
    def blocking(self) -> frozenset[str]:
        """The rules whose breach stops what lies downstream of this feed."""
        return frozenset(rule for rule, severity in self.breach.items() if severity == "blocking")

    @property
    def has_updated_at(self) -> bool:
        """Whether the source says when it changed a record."""
        return "updated_at" in self.column_names

    def column(self, name: str) -> Column:
        """Find the column of that name."""
        return next(c for c in self.columns if c.name == name)


def resolve_bound(bound: Bound | None, today: date) -> int | float | date | None:
    """Make a day of `today`, of `tomorrow`, and of `now`, which allows a day for clocks that go ahead."""
    if isinstance(bound, str):
        return today if bound == "today" else today + timedelta(days=1)
    return bound
