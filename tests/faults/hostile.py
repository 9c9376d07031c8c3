"""Records that a contract allows and that are as nasty as it allows: SQL, formulas, quotes, the ends of every range.

Every record can be told from the next by its key; references meet each other, so that joins find something.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from dagster_project.ingestion.contract import Column, Contract
from tests.faults.mutations import sound

ROWS = 16
TEXTS = (
    "'; drop table warehouse.dim_customer; --", '"; drop schema marts cascade; --', "{{ ref('dim_customer') }}",
    "{% raw %}", "${HOME}", "$(id)", "`id`", "=cmd|'/C calc'!A0", "+1+1", "-1", "@SUM(A1)", "\tx", "\r\n", "a\x00b",
    "../../etc/passwd", "<script>alert(1)</script>", "%s%n{0}", "\\", "'", '"', "|", ";", "\u202eright to left",
    "😀" * 50, "é̂" * 20, "NULL", "null", "None", "nan", "\x1b[31m", "\ufeffx", "\u2028", "[red]x[/red]", "a" * 20_000,
)  # fmt: skip
# The ends of time, the hour that a spring skips, the hour that an autumn repeats, a leap day and a leap second.
MOMENTS = (
    "1970-01-01T23:00:00Z", "1970-01-02T00:00:00+14:00", "2024-03-31T02:30:00", "2024-10-27T02:30:00",
    "2024-02-29T23:59:59.999999", "2016-12-31T23:59:60Z", "2024-12-31T23:59:59Z", "2026-06-30T23:59:59",
    "1999-12-31T23:59:59-12:00",
)  # fmt: skip
END_OF_TIME = "9999-12-31T23:59:59"
DAYS = ("0001-01-01", "1000-01-01", "1900-02-28", "1970-01-01", "2024-02-29", "9999-12-31")
NUMBERS = (
    0, 1, -1, "0.0001", "-0.0001", "999999999999.9999", "-999999999999.9999", 10**12, -(10**12), "1e12", "1E-30",
    10**18,
)  # fmt: skip


def _number(column: Column, chance: random.Random) -> Any:
    bounds = [b for b in (column.minimum, column.maximum) if b is not None and not isinstance(b, (str, date))]
    return chance.choice([*NUMBERS, *bounds, *bounds, 1, 2, 3])


def _value(column: Column, contract: Contract, number: int, chance: random.Random) -> Any:
    if column.name in ("source_system", "platform"):
        return TEXTS[number % 3]
    if column.name.endswith(("_ref", "handle")):
        # The same references in every feed.
        return f"{TEXTS[number]} {number}"
    if column.values or column.code_list:
        return sound(column, number, chance)
    is_key, is_event_time = bool(column.key_position), column.name == contract.event_time
    made: dict[str, Callable[[], Any]] = {
        "decimal": lambda: _number(column, chance), "integer": lambda: number if is_key else _number(column, chance),
        "timestamp": lambda: chance.choice([*MOMENTS] if is_event_time else [*MOMENTS, END_OF_TIME]),
        "date": lambda: chance.choice(DAYS), "boolean": lambda: chance.random() < 0.5, "list": lambda: list(TEXTS[:8]),
        "json": lambda: dict(zip(TEXTS, TEXTS, strict=True)),
        "string": lambda: f"{chance.choice(TEXTS)}{number if is_key else ''}",
    }  # fmt: skip
    return made[column.type]()


def hostile_rows(contract: Contract, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Make records of a feed; now and then one that the contract refuses is among them."""
    for number in range(ROWS):
        row = {c.name: _value(c, contract, number, chance) for c in contract.columns}
        for name in chance.sample(list(row), k=chance.choice([0, 1, 3])):
            if not contract.column(name).required:
                row[name] = None
        yield row


def put_hostile_file(contract: Contract, folder: Path, seed: int) -> int:
    """Write a file of them as JSON Lines; returns how many records there are."""
    rows = list(hostile_rows(contract, random.Random(f"{contract.feed} {seed}")))
    folder.mkdir(parents=True, exist_ok=True)
    name = 'it\'s; "drop" $(x) \n?*[1]{2}%.jsonl'
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return len(rows)
