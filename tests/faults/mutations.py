"""Files as they come in a bad hour: a sound file of a feed in one of its dresses, and what may befall it.

Every choice is drawn from the generator that is given, so that a seed makes the same file again.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.ingestion.contract import Column, Contract

Row = dict[str, Any]


@dataclass(frozen=True)
class Mutant:
    """A file: its name, its bytes, and how many rows were written into it, if nothing befell it afterwards."""

    name: str
    content: bytes
    rows: int | None


_ODD = [
    "", " ", "NULL", "\\N", "nan", "inf", "-0", "1e400", "0x1F", "99999999999999999999", "-1", "1.5", "1,5", "true",
    "2024-02-30", "0001-01-01", "9999-12-31", "infinity", "24:00", "2024-03-31 02:30", "2024-01-01T00:00:00+99:00",
    "😀\u202e", "é", "\x00", "\x1a", "\x7f", "'", '"', '"x', "a\nb", "a\r\nb", ";", "|", "\t", "=1+1", "{}", "[1]", "{",
    "[", "'; drop table raw.order_lines; --", "%s{0}{{x}}", "x" * 5000, "\u2028", "\ufeff", "\ud7ff",
]  # fmt: skip


def sound(column: Column, number: int, rng: random.Random) -> Any:
    """Make a value that the contract allows."""
    if column.values:
        return rng.choice(column.values)
    if column.code_list is not None:
        codes = {"language": ("it", "pt-BR"), "time_zone": ("Europe/Rome", "Asia/Tokyo")}
        return rng.choice(column.code_list.values or codes[column.code_list.name])
    made: dict[str, Callable[[], Any]] = {
        "decimal": lambda: rng.choice([1, 2.5, 10]), "integer": lambda: rng.randint(1, 5),
        "boolean": lambda: rng.choice([True, False]), "date": lambda: f"2024-01-{rng.randint(1, 28):02}",
        "timestamp": lambda: f"2024-02-{rng.randint(1, 28):02} 10:00:00", "list": lambda: ["a", "b"],
        "json": lambda: {"k": number},
    }  # fmt: skip
    return made.get(column.type, lambda: f"r{number}")()


def rows_of(contract: Contract, rng: random.Random) -> list[Row]:
    """Make a few rows, some of whose values are odd or missing."""
    rows = []
    for number in range(rng.choice([0, 1, 2, 5])):
        row = {column.name: sound(column, number, rng) for column in contract.columns}
        for name in rng.sample(list(row), k=min(len(row), rng.choice([0, 0, 1, 3]))):
            row[name] = rng.choice([None, rng.choice(_ODD), rng.choice(_ODD)])
        rows.append(row)
    return rows


def _header(contract: Contract, rng: random.Random) -> list[str]:
    names = list(contract.column_names)
    change = rng.choice(["none", "none", "none", "shuffle", "spaced", "double", "missing", "more", "wide"])
    if change == "shuffle":
        rng.shuffle(names)
    if change == "missing":
        names.remove(rng.choice(names))
    if change in ("double", "more", "wide"):
        names += {"double": [names[0].upper()], "more": ["_file", "", "own"], "wide": [f"c{n}" for n in range(60)]}[
            change
        ]
    return [f" {n.replace('_', ' ').title()} " for n in names] if change == "spaced" else names


def _csv(names: list[str], rows: list[Row], rng: random.Random) -> bytes:
    out = io.StringIO(newline="")
    end = rng.choice(["\n", "\r\n", "\r"])
    # Python's writer quotes the newlines of the line's own end only.
    quoting = csv.QUOTE_ALL if end == "\r" else rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(out, delimiter=rng.choice(",;\t|"), lineterminator=end, quoting=quoting)
    writer.writerow(names)
    for row in rows:
        values = [row.get(name.strip().lower().replace(" ", "_"), "x") for name in names]
        writer.writerow(json.dumps(v) if isinstance(v, (dict, list)) else "" if v is None else v for v in values)
    return out.getvalue().encode(rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]), "replace")


def _json(names: list[str], rows: list[Row], rng: random.Random) -> bytes:
    kept = [
        {n.strip().lower().replace(" ", "_"): row.get(n.strip().lower().replace(" ", "_")) for n in names}
        for row in rows
    ]
    if rng.random() < 0.3:
        return json.dumps(kept, indent=rng.choice([None, 1])).encode()
    return "".join(json.dumps(row, ensure_ascii=rng.random() < 0.5) + "\n" for row in kept).encode()


def _parquet(names: list[str], rows: list[Row], rng: random.Random) -> bytes:
    as_text = lambda v: None if v is None else json.dumps(v) if isinstance(v, (dict, list)) else str(v)  # noqa: E731
    kinds = [pa.string(), pa.binary(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
    columns = [
        pa.array([as_text(row.get(name.strip().lower().replace(" ", "_"))) for row in rows], pa.string()).cast(
            rng.choice(kinds)
        )
        for name in names
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=names), out, compression=rng.choice(["snappy", "zstd", "none"]))
    return out.getvalue()


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Let a file suffer what files do: cut short, bytes changed, lost, doubled or put in."""
    for _ in range(rng.choice([0, 0, 1, 1, 3])):
        if not content:
            break
        at = rng.randrange(len(content))
        blow = rng.choice(["cut", "flip", "quote", "nul", "double", "lose", "newline", "rubbish"])
        content = {
            "cut": content[:at], "flip": content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :],
            "quote": content[:at] + b'"' + content[at:], "nul": content[:at] + b"\0" + content[at:],
            "double": content + content[:at], "lose": content[:at] + content[at + rng.randrange(40) :],
            "newline": content[:at] + rng.choice([b"\n", b"\r", b"\n\n"]) + content[at:],
            "rubbish": content[:at] + rng.randbytes(20) + content[at:],
        }[blow]  # fmt: skip
    return content


def mutated(contract: Contract, rng: random.Random) -> Mutant:
    """Make a file of a feed."""
    names, rows = _header(contract, rng), rows_of(contract, rng)
    suffix, write = rng.choice([("csv", _csv), ("csv", _csv), ("jsonl", _json), ("json", _json), ("parquet", _parquet)])
    written = write(names, rows, rng)
    content = damaged(written, rng)
    count = len(rows) if content == written else None
    if suffix != "parquet" and rng.random() < 0.15:
        packed = gzip.compress(content)
        content = damaged(packed, rng)
        return Mutant(f"{contract.feed}.{suffix}.gz", content, count if content == packed else None)
    named = rng.choice([suffix] * 9 + ["csv", "jsonl"])
    return Mutant(f"{contract.feed}.{named}", content, count if named == suffix else None)
