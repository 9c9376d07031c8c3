"""Writing the demo company's feeds as files: formats, compression, encodings, one file a feed and day or all at once.

Belongs here: bytes on disk. Does not belong here: what the rows say (`population`, `web`, …) or what is wrong with them
(`dirt`). The same rows give the same bytes, whatever the threads: DuckDB keeps the order of the rows, and neither gzip
nor Excel gets a time stamp.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from duckdb_extensions import import_extension

from sources.companies.demo.feed_shapes import DAY, FEEDS, JSON_COLUMNS, schema
from sources.companies.demo.profile_feeds import FileShape

Layout = Literal["daily", "bulk"]
_ROW_GROUP = 131_072
_MONEY = pa.decimal128(18, 4)


class FeedWriter:
    """Write feed tables below one landing folder, `<feed>/<feed>.csv` (bulk) or `<feed>/<feed>_2025-01-31.csv` (daily).

    A bulk file grows with every `add`, so that a large world is written chunk of persons by chunk of persons; days are
    gathered and written on `close`. Use as a context manager.
    """

    def __init__(
        self,
        landing: Path,
        shapes: Mapping[str, FileShape],
        start: date,
        *,
        layout: Layout = "bulk",
        time_zone: str = "UTC",
    ) -> None:
        """Open the writer.

        Args:
            landing: folder of the feeds; made when absent.
            shapes: file shape by feed; a feed that is not named is plain CSV.
            start: day 0 of the world, for the names of daily files.
            layout: one file a feed, or one a feed and day of delivery.
            time_zone: clock of the feeds whose shape says `times: local`.
        """
        self._landing, self._shapes, self._layout, self._zone = landing, shapes, layout, time_zone
        self._start = start
        self._gathered: dict[str, list[pa.Table]] = {}
        self._parquet: dict[str, pq.ParquetWriter] = {}
        self._started: set[str] = set()
        self._duckdb = duckdb.connect()
        self._duckdb.execute("set TimeZone = 'UTC'")

    def __enter__(self) -> FeedWriter:
        """Give the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the files; after a fault leave what has been written."""
        if kind is None:
            self.close()
        self._duckdb.close()

    def add(self, feed: str, table: pa.Table) -> None:
        """Deliver rows of `feed`: the feed's columns (others are null; extra ones are kept) and `DAY`."""
        if table.num_rows == 0:
            return
        if self._layout == "daily" or self._shape(feed).format == "xlsx":
            self._gathered.setdefault(feed, []).append(table)
        else:
            self._append(feed, _in_order_of_arrival(table))

    def deliver(self, feed: str, table: pa.Table, name: str) -> Path:
        """Write `table` at once as `<feed>/<name>.<suffix>` and give the path."""
        table = _visible(table)
        shape = self._shape(feed)
        path = self._path(feed, name)
        if shape.format == "parquet":
            pq.write_table(_for_parquet(table), path, row_group_size=_ROW_GROUP, compression="zstd")
        else:
            path.write_bytes(self._bytes(table, shape, header=True))
        return path

    def close(self) -> None:
        """Write what was gathered and finish the growing files."""
        for feed in [feed for feed in FEEDS if feed in self._gathered]:
            whole = _in_order_of_arrival(pa.concat_tables(self._gathered.pop(feed), promote_options="permissive"))
            if self._layout == "bulk":
                self.deliver(feed, whole, feed)
            else:
                for day, rows in _by_day(whole):
                    self.deliver(feed, rows, f"{feed}_{self._start + timedelta(days=day)}")
        for writer in self._parquet.values():
            writer.close()
        self._parquet.clear()

    def _shape(self, feed: str) -> FileShape:
        return self._shapes.get(feed, FileShape())

    def _path(self, feed: str, name: str) -> Path:
        schema(feed)  # an unknown feed is a programming error and stops here
        folder = self._landing / feed
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}{self._shape(feed).suffix}"

    def _append(self, feed: str, table: pa.Table) -> None:
        rows, shape, path = _visible(table), self._shape(feed), self._path(feed, feed)
        if shape.format == "parquet":
            rows = _for_parquet(rows)
            if feed not in self._parquet:
                self._parquet[feed] = pq.ParquetWriter(path, rows.schema, compression="zstd")
            self._parquet[feed].write_table(rows.select(self._parquet[feed].schema.names), row_group_size=_ROW_GROUP)
            return
        first = feed not in self._started
        self._started.add(feed)
        with path.open("wb" if first else "ab") as file:
            file.write(self._bytes(rows, shape, header=first))

    def _bytes(self, table: pa.Table, shape: FileShape, *, header: bool) -> bytes:
        """Write by DuckDB into a temporary file and read it back: gzip members and zstd frames may be concatenated."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows"
            self._duckdb.register("rows", table)
            columns = ", ".join(_projection(table.schema, shape, self._zone))
            quoted = str(path).replace("'", "''")
            if shape.format == "xlsx":
                import_extension("excel", con=self._duckdb)
                self._duckdb.execute("load excel")
            self._duckdb.execute(f"copy (select {columns} from rows) to '{quoted}' ({_options(shape, header=header)})")
            self._duckdb.unregister("rows")
            content = path.read_bytes()
        if shape.encoding != "utf-8":
            content = content.decode("utf-8").encode(shape.encoding)
        return content


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
        name = '"' + field.name.replace('"', '""') + '"'
        value = name
        if pa.types.is_timestamp(field.type):
            value = _time(name, shape, zone)
        elif pa.types.is_list(field.type) and shape.format != "jsonl":
            value = f"array_to_string({name}, '|')"
        elif field.name in JSON_COLUMNS and shape.format == "jsonl":
            value = f"cast({name} as json)"
        elif pa.types.is_date(field.type) and shape.format == "xlsx":
            value = f"cast({name} as varchar)"
        elif pa.types.is_floating(field.type) and shape.decimal != ".":
            value = f"replace(cast({name} as varchar), '.', '{shape.decimal}')"
        yield f"{value} as {name}"


def _time(name: str, shape: FileShape, zone: str) -> str:
    if shape.times == "local":
        return f"strftime(timezone('{zone}', {name}), '%Y-%m-%d %H:%M:%S')"
    return f"strftime(timezone('UTC', {name}), '%Y-%m-%dT%H:%M:%SZ')"


def _for_parquet(table: pa.Table) -> pa.Table:
    """Write amounts as decimals, as a database would; binary fractions would not add up to the cent."""
    for index, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(_MONEY))
    return table


def _in_order_of_arrival(table: pa.Table) -> pa.Table:
    days = table.column(DAY)
    if table.num_rows < 2 or not pc.any(pc.less(days[1:], days[:-1])).as_py():
        return table
    position = pa.array(np.arange(table.num_rows))
    order = pc.sort_indices(
        pa.table({"day": days, "position": position}), sort_keys=[("day", "ascending"), ("position", "ascending")]
    )
    return table.take(order)


def _visible(table: pa.Table) -> pa.Table:
    """Drop the hidden columns."""
    return table.select([name for name in table.schema.names if not name.startswith("_")])


def _by_day(table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Split rows that are in order of arrival into days."""
    days = table.column(DAY).to_numpy()
    starts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
    for start, stop in zip(starts, [*starts[1:], len(days)], strict=True):
        yield int(days[start]), table.slice(start, stop - start)
