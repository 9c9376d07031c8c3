"""One table as the bytes of one file: CSV, JSON Lines, Parquet or Excel, plain or compressed, in any spelling.

Belongs here: how values are spelt in a file. Does not belong here: which rows go into which file (`feeds_out`).
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from duckdb_extensions import import_extension

from sources.companies.demo.codes import Ints
from sources.companies.demo.feed_shapes import JSON_COLUMNS
from sources.companies.demo.profile_feeds import FileShape

WRITTEN_AS = "_as_"
"""Prefix of the hidden column that says how a value is written instead, null where it is written as it is."""
ROW_GROUP = 131_072
_LINE_FEED = 10
_MONEY = pa.decimal128(18, 4)


class Spelling:
    """Turns tables into the bytes of files, by DuckDB, which keeps the order of rows whatever its threads."""

    def __init__(self, time_zone: str) -> None:
        """Take `time_zone` for the clock of files whose shape says `times: local`."""
        self._zone = time_zone
        self._folder = tempfile.TemporaryDirectory()
        self._duckdb = duckdb.connect()
        self._duckdb.execute("set TimeZone = 'UTC'")

    def close(self) -> None:
        """Free the engine and the place for files."""
        self._duckdb.close()
        self._folder.cleanup()

    def write(self, table: pa.Table, shape: FileShape, *, header: bool = True) -> bytes:
        """Give the file's bytes; gzip members and zstd frames may be put one behind another.

        Args:
            table: the visible columns, and `WRITTEN_AS` ones.
            shape: how the file is written.
            header: whether a CSV begins with its header.
        """
        if shape.format == "parquet":
            sink = pa.BufferOutputStream()
            pq.write_table(for_parquet(table, shape), sink, row_group_size=ROW_GROUP, compression="zstd")
            return bytes(sink.getvalue().to_pybytes())
        path = Path(self._folder.name) / "rows"
        self._copy(table, shape, path, header=header)
        content = path.read_bytes()
        return content.decode("utf-8").encode(shape.encoding) if shape.encoding != "utf-8" else content

    def write_each(self, table: pa.Table, shape: FileShape, starts: Ints) -> Iterator[bytes]:
        """Give the bytes of several files, each of which begins at one of the rows `starts` of the table.

        Text is spelt for all of them in one go and cut at the ends of lines, unless a text has lines of its own.
        """
        stops = [*starts[1:].tolist(), table.num_rows]
        slices = [table.slice(start, stop - start) for start, stop in zip(starts.tolist(), stops, strict=True)]
        if shape.format in ("parquet", "xlsx"):
            yield from (self.write(part, shape) for part in slices)
            return
        plain = shape.model_copy(update={"compression": "none", "encoding": "utf-8"})
        content, head = self.write(table, plain), int(shape.format == "csv")
        ends = np.flatnonzero(np.frombuffer(content, dtype=np.uint8) == _LINE_FEED) + 1
        if len(ends) != table.num_rows + head:
            yield from (_squeezed(self.write(part, plain), shape) for part in slices)
            return
        edges = np.concatenate(([0], ends))
        header = content[: edges[head]]
        for start, stop in zip(starts.tolist(), stops, strict=True):
            yield _squeezed(header + content[edges[start + head] : edges[stop + head]], shape)

    def _copy(self, table: pa.Table, shape: FileShape, path: Path, *, header: bool) -> None:
        if shape.format == "xlsx":
            import_extension("excel", con=self._duckdb)
            self._duckdb.execute("load excel")
        columns = ", ".join(_projection(table.schema, shape, self._zone))
        quoted = str(path).replace("'", "''")
        self._duckdb.register("rows", table)
        self._duckdb.execute(f"copy (select {columns} from rows) to '{quoted}' ({_options(shape, header=header)})")
        self._duckdb.unregister("rows")


def _squeezed(text: bytes, shape: FileShape) -> bytes:
    """Encode and compress a file's text."""
    content = text.decode("utf-8").encode(shape.encoding) if shape.encoding != "utf-8" else text
    if shape.compression == "gzip":
        return gzip.compress(content, mtime=0)
    return pa.compress(content, codec="zstd", asbytes=True) if shape.compression == "zstd" else content


def visible(table: pa.Table) -> pa.Table:
    """Drop the hidden columns but for those that say how a value is written."""
    names = [name for name in table.schema.names if not name.startswith("_") or name.startswith(WRITTEN_AS)]
    return table.select(names)


def _options(shape: FileShape, *, header: bool) -> str:
    if shape.format == "xlsx":
        return "format xlsx, header true"
    compression = f"compression {shape.compression}"
    if shape.format == "jsonl":
        return f"format json, {compression}"
    return f"format csv, header {str(header).lower()}, delimiter '{shape.delimiter}', {compression}"


def _projection(columns: pa.Schema, shape: FileShape, zone: str) -> Iterator[str]:
    """Give each column's SQL: times as ISO 8601, lists `|`-separated and JSON as text where the format has neither."""
    for field in columns:
        if field.name.startswith(WRITTEN_AS):
            continue
        value = _value(field, shape, zone)
        if field.name in shape.words:
            whens = " ".join(f"when {_text(code)} then {_text(own)}" for code, own in shape.words[field.name].items())
            value = f"case {value} {whens} else {value} end"
        if WRITTEN_AS + field.name in columns.names:
            value = f"coalesce({_name(WRITTEN_AS + field.name)}, cast({value} as varchar))"
        yield f"{value} as {_name(shape.headers.get(field.name, field.name))}"


def _value(field: pa.Field, shape: FileShape, zone: str) -> str:
    name = _name(field.name)
    if pa.types.is_timestamp(field.type):
        return _time(name, shape, zone)
    if pa.types.is_list(field.type) and shape.format != "jsonl":
        return f"array_to_string({name}, '|')"
    if field.name in JSON_COLUMNS and shape.format == "jsonl":
        return f"cast({name} as json)"
    if pa.types.is_date(field.type) and shape.format == "xlsx":
        return f"cast({name} as varchar)"
    if pa.types.is_floating(field.type) and shape.decimal != ".":
        return f"replace(cast({name} as varchar), '.', '{shape.decimal}')"
    return name


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _time(name: str, shape: FileShape, zone: str) -> str:
    if shape.times == "local":
        return f"strftime(timezone('{zone}', {name}), '%Y-%m-%d %H:%M:%S')"
    return f"strftime(timezone('UTC', {name}), '%Y-%m-%dT%H:%M:%SZ')"


def for_parquet(table: pa.Table, shape: FileShape) -> pa.Table:
    """Write amounts as decimals, as a database would (binary fractions do not add up to the cent), in own words."""
    for index, field in enumerate(table.schema):
        column = table.column(index)
        if pa.types.is_floating(field.type):
            column = column.cast(_MONEY)
        elif field.name in shape.words:
            own = shape.words[field.name]
            known = pc.index_in(column, value_set=pa.array(list(own)))
            column = pc.coalesce(pa.array(list(own.values())).take(known), column)
        table = table.set_column(index, shape.headers.get(field.name, field.name), column)
    return table
