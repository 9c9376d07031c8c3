"""Reading CSV: any delimiter, any encoding, quoted newlines, ragged and damaged rows, each row with its physical line.

Belongs here: the select over `read_csv`. Every column is read as text; a row that has not the header's number of fields
is given with its fault. Two engine settings matter: `null_padding` keeps short rows, and `parallel=false` both allows
it beside quoted newlines and numbers the rows at the least cost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from dagster_project.ingestion.cleaning import (
    Encoding,
    Records,
    drop_lines,
    encoding_of,
    find_records,
    lines_at,
    rewrite,
)
from dagster_project.ingestion.codes import fold
from dagster_project.ingestion.company_file import ReadOptions
from dagster_project.ingestion.fault import FileFault
from dagster_project.ingestion.reading import Place, Reading, identifier, literal, unique_names
from dagster_project.ingestion.scanning import Scan, pieces, scan_text

_DELIMITERS = (",", ";", "\t", "|")
# A row may have a few fields too many before it counts as damaged; it is then shown whole.
_OVER = tuple(f"_over_{n}" for n in range(8))
# Stands for null, so that an empty field can be told from a missing one.
_NOTHING = "\x1aNOTHING\x1a"
_ENGINE_LINE = 1 << 20


def read_csv(path: Path, compression: str, options: ReadOptions, wanted: Collection[str], place: Place) -> Reading:
    """Make the select over a CSV file; `wanted` are the contract's columns, which help to tell the delimiter.

    Raises:
        FileFault: the file cannot be read at all.
    """
    return _reading(_Text(path, compression, options, place), wanted, {})


def repair_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, compression: str, options: ReadOptions,
    wanted: Collection[str], place: Place,
) -> Reading:  # fmt: skip
    """Read a CSV file that the engine refuses: the lines that it refuses are cut out and kept apart, one by one.

    Raises:
        FileFault: it is beyond repair.
    """
    text = _Text(path, compression, options, place)
    text.make_plain()
    reading = _reading(text, wanted, {})
    dropped: dict[int, str] = {}
    for _ in range(3):
        places = _refused_places(connection, reading)
        if not places:
            return reading
        dropped |= text.drop(lines_at(text.path, places))
        reading = _reading(text, wanted, dropped)
    raise FileFault("it is not a CSV file that can be read")


class _Text:
    """A CSV file's text, replaced by clean copies as they become necessary."""

    def __init__(self, path: Path, compression: str, options: ReadOptions, place: Place) -> None:
        self.path, self.compression, self.options, self.place = path, compression, options, place
        self.quote = options.quote.encode()
        self.scan: Scan = scan_text(path, compression, place.limit, self.quote)
        self.encoding: Encoding = encoding_of(self.scan, options.encoding)
        self.warnings: list[str] = []
        if not options.encoding and self.encoding.name not in ("utf-8", "utf-8-sig"):
            self.warnings.append(f"read as {self.encoding.name}")
        marked = self.scan.bom == "utf-8-sig"
        unmarked_is_plain = self.encoding.is_plain or (marked and self.scan.is_utf8 and not self.encoding.replaces)
        if not unmarked_is_plain or compression == "zip" or self.scan.has_lone_return or marked:
            self.make_plain()

    def make_plain(self) -> None:
        """Go over to a clean copy: UTF-8, without mark, not compressed, newlines only."""
        target = self.place.scratch / f"{len(list(self.place.scratch.iterdir()))}.csv"
        rewrite(self.path, self.compression, self.place.limit, self.encoding, target)
        self.path, self.compression = target, "none"
        self.scan = scan_text(target, "none", self.place.limit, self.quote)

    def drop(self, lines: set[int]) -> dict[int, str]:
        """Go over to a copy without those lines; give what they said."""
        if self.compression != "none" or self.path.parent != self.place.scratch:
            self.make_plain()
        target = self.path.with_name(f"{len(list(self.place.scratch.iterdir()))}.csv")
        said = drop_lines(self.path, target, lines)
        self.path = target
        return said

    def records(self, delimiter: str) -> Records:
        """Find where the records begin."""
        return find_records(pieces(self.path, self.compression, self.place.limit), self.quote, delimiter.encode())


def _reading(text: _Text, wanted: Collection[str], dropped: dict[int, str]) -> Reading:
    delimiter, names = _header(text, wanted)
    records = text.records(delimiter) if text.scan.has_quote or text.scan.has_blank_line or dropped else None
    for _ in range(1000):
        if records is None or records.unclosed is None:
            break
        dropped = dropped | text.drop({records.unclosed})
        records = text.records(delimiter)
    else:
        raise FileFault("more than a thousand quotes are never closed")
    first = 1 if text.options.header else 0
    columns = unique_names(names)
    tables: dict[str, pa.Table] = {}
    number = "row_number() over ()"
    joined = ""
    if records is not None and not _is_plain_count(records, first):
        name = f"lines_{abs(hash(text.path))}"
        lines = records.lines[first:]
        tables[name] = pa.table({"n": pa.array(np.arange(1, len(lines) + 1)), "line": pa.array(lines)})
        joined = f" left join {name} as place on place.n = numbered._number"
        number_out = "coalesce(place.line, numbered._number)"
    else:
        number_out = f"numbered._number + {first}"
    overflow = list(_OVER)
    longest = max(text.scan.longest_line, records.longest if records else 0)
    arguments = _arguments(text, delimiter, [*columns, *overflow], longest)
    select = (
        f"select {', '.join(f'numbered.{identifier(c)}' for c in columns)}, cast({number_out} as bigint) as _line, "
        f"{_fault(columns, overflow, text.encoding)} as _fault, {_whole(columns, overflow)} as _whole "
        f"from (select *, {number} as _number from read_csv({arguments})) as numbered{joined}"
    )
    faults = tuple((line, "the line is not CSV: a quote is out of place", said) for line, said in dropped.items())
    return Reading(select, dict.fromkeys(columns, "VARCHAR"), faults, tables, tuple(text.warnings))


def _is_plain_count(records: Records, first: int) -> bool:
    """Tell whether record n simply stands on line n."""
    return len(records.lines) > first and int(records.lines[-1]) == len(records.lines)


def _fault(columns: list[str], overflow: list[str], encoding: Encoding) -> str:
    """Say in SQL why a row cannot be read: too many fields, too few, bytes that are no text."""
    last = f"numbered.{identifier(columns[-1])}"
    over = " or ".join(f"numbered.{name} <> ''" for name in overflow)
    cases = f"when {over} then 'the row has more fields than the header' "
    if len(columns) > 1:
        cases += f"when {last} is null then 'the row has fewer fields than the header' "
    if encoding.replaces:
        broken = " or ".join(f"contains(numbered.{identifier(c)}, '\ufffd')" for c in columns)
        cases += f"when {broken} then 'the row has bytes that are not text in its encoding' "
    return f"case {cases}end"


def _whole(columns: list[str], overflow: list[str]) -> str:
    last = f"numbered.{identifier(columns[-1])}"
    fields = ", ".join(f"{literal(c)}: numbered.{identifier(c)}" for c in columns)
    more = ", ".join(f"numbered.{name}" for name in overflow)
    return (
        f"case when {last} is null or numbered.{overflow[0]} is not null then json_merge_patch(json('{{}}'), "
        f"to_json({{{fields}, '_more_fields': nullif([e for e in [{more}] if e is not null], [])}})) end"
    )


def _header(text: _Text, wanted: Collection[str]) -> tuple[str, list[str]]:
    """Find the delimiter and the names of the columns."""
    options = text.options
    first = _first_line(text)
    candidates = [options.delimiter] if options.delimiter else list(_DELIMITERS)
    split = {d: _split(first, d, options.quote) for d in candidates}
    if options.header:
        known = set(wanted)
        best = max(split, key=lambda d: (sum(fold(name) in known for name in split[d]), len(split[d])))
        return best, list(options.columns) or split[best]
    best = max(split, key=lambda d: len(split[d]))
    return best, list(options.columns) or [f"column_{i}" for i in range(1, len(split[best]) + 1)]


def _first_line(text: _Text) -> str:
    """Take the first record that is not blank; a header's names may hold newlines between quotes."""
    decoded = text.scan.head.decode("utf-8", "replace").lstrip("\ufeff")
    lines = decoded.lstrip("\r\n").splitlines(keepends=True)
    first = ""
    for line in lines[:50]:
        first += line
        if not text.options.quote or first.count(text.options.quote) % 2 == 0:
            break
    if not first.strip():
        raise FileFault("it has no header")
    return first.rstrip("\r\n")


def _split(line: str, delimiter: str, quote: str) -> list[str]:
    if not quote:
        return line.split(delimiter)
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, quotechar=quote))
    except (csv.Error, StopIteration):
        return [line]


def _arguments(text: _Text, delimiter: str, columns: list[str], longest: int) -> str:
    """Give the arguments of `read_csv`; `longest` is the longest record in bytes, for which its buffers must do."""
    quote = literal(text.options.quote)
    line = longest + 4096 if longest > _ENGINE_LINE else 2 * _ENGINE_LINE
    buffer = 2 * line if longest > _ENGINE_LINE else 4 * _ENGINE_LINE
    kinds = ", ".join(f"{literal(c)}: 'VARCHAR'" for c in columns)
    return (
        f"{literal(text.path)}, auto_detect=false, header={str(text.options.header).lower()}, "
        f"delim={literal(delimiter)}, quote={quote}, escape={quote}, columns={{{kinds}}}, null_padding=true, "
        f"nullstr={literal(_NOTHING)}, parallel=false, max_line_size={line}, buffer_size={buffer}, "
        f"compression={literal(text.compression)}"
    )


def _refused_places(connection: duckdb.DuckDBPyConnection, reading: Reading) -> list[int]:
    """Ask the engine which records it refuses, as byte positions counted from 1: its line numbers count records."""
    inner = reading.select[reading.select.index("read_csv(") :].rpartition(")) as numbered")[0]
    forget = "drop table if exists reject_errors; drop table if exists reject_scans; drop table if exists judged"
    connection.execute(forget)
    try:
        # Every column must be asked for, as the engine does not judge what it does not read; and the rows must be kept,
        # as an aggregate over them leaves no list of what was refused.
        every = ", ".join(identifier(name) for name in (*reading.columns, *_OVER))
        connection.execute(
            f"create or replace temp table judged as select hash({every}) as row_hash "
            f"from {inner}, store_rejects=true, rejects_limit=0)"
        )
        rows = connection.execute("select distinct line_byte_position from reject_errors order by 1").fetchall()
    except duckdb.Error:
        raise FileFault("it is not a CSV file that can be read") from None
    finally:
        connection.execute(forget)
    return [int(place) for (place,) in rows if place is not None]
