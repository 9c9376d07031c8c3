"""Writing the demo company's feeds as files: one file a feed and day, or all at once.

Belongs here: which rows go into which file. Does not belong here: what the rows say (`population`, `web`, …), how a
file spells them (`file_bytes`) or what is wrong with them (`dirt`, `dirty_files`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sources.companies.demo.dirty_files import FileFaults
from sources.companies.demo.feed_shapes import DAY, FEEDS, IN_ORDER, KEYS, schema
from sources.companies.demo.file_bytes import ROW_GROUP, Spelling, for_parquet, visible
from sources.companies.demo.profile_feeds import FileShape

Layout = Literal["daily", "bulk"]
_SPELT_AT_ONCE = 200_000
"""Rows after which a day begins another block."""


class FeedWriter:
    """Write feed tables below one landing folder, `<feed>/<feed>.csv` (bulk) or `<feed>/<feed>_2025-01-31.csv` (daily).

    A bulk file grows with every `add`, so that a large world is written chunk of persons by chunk of persons; days are
    gathered and written on `close`. All at once, a feed without `updated_at` whose rows change gives the last state of
    each, as an export would. What a faulty file holds is always a day's delivery, in a file of its own. Use as a
    context manager.
    """

    def __init__(
        self,
        landing: Path,
        shapes: Mapping[str, FileShape],
        start: date,
        *,
        layout: Layout = "bulk",
        days: str = "",
        time_zone: str = "UTC",
        faults: FileFaults | None = None,
    ) -> None:
        """Open the writer.

        Args:
            landing: folder of the feeds; made when absent.
            shapes: file shape by feed; a feed that is not named is plain CSV.
            start: day 0 of the world, for the names of daily files.
            layout: one file a feed, or one a feed and day of delivery.
            days: put behind the names of bulk files, where earlier ones are there already; their rows follow on those.
            time_zone: clock of the feeds whose shape says `times: local`.
            faults: what goes wrong with files; nothing if not given.
        """
        self._landing, self._shapes, self._layout, self._start = landing, shapes, layout, start
        self._faults, self._days = faults, days
        self._gathered: dict[str, list[pa.Table]] = {}
        self._faulty: dict[str, list[pa.Table]] = {}
        self._parquet: dict[str, pq.ParquetWriter] = {}
        self._started: set[str] = set()
        self._spelling = Spelling(time_zone)

    def __enter__(self) -> FeedWriter:
        """Give the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the files; after a fault leave what has been written."""
        if kind is None:
            self.close()
        self._spelling.close()

    def add(self, feed: str, table: pa.Table) -> None:
        """Deliver rows of `feed`: the feed's columns (others are null; extra ones are kept) and `DAY`."""
        if self._faults is not None and table.num_rows:
            strikes = self._faults.strikes(feed, self._shape(feed), table.column(DAY).to_numpy())
            if strikes.any():
                self._faulty.setdefault(feed, []).append(table.filter(pa.array(strikes)))
                table = table.filter(pa.array(~strikes))
        if table.num_rows == 0:
            return
        if self._layout == "daily" or self._days or self._shape(feed).format == "xlsx" or feed in IN_ORDER:
            self._gathered.setdefault(feed, []).append(table)
        else:
            self._append(feed, _in_order_of_arrival(table))

    def deliver(self, feed: str, table: pa.Table, name: str) -> Path:
        """Write `table` at once as `<feed>/<name>.<suffix>` and give the path."""
        path = self._path(feed, name)
        path.write_bytes(self._spelling.write(visible(table), self._shape(feed)))
        return path

    def close(self) -> None:
        """Write what was gathered and finish the growing files."""
        for feed in [feed for feed in FEEDS if feed in self._gathered]:
            whole = _whole(self._gathered.pop(feed))
            if self._layout == "daily":
                self._deliver_days(feed, whole)
            else:
                last_only = feed in IN_ORDER and not self._days
                self.deliver(feed, _last_of_each(feed, whole) if last_only else whole, feed + self._days)
        for writer in self._parquet.values():
            writer.close()
        self._parquet.clear()
        for feed in [feed for feed in FEEDS if feed in self._faulty]:
            for day, rows in _by_day(_whole(self._faulty.pop(feed))):
                self._deliver_faulty(feed, day, rows)

    def _deliver_days(self, feed: str, whole: pa.Table) -> None:
        """Write one file a day, spelling out many days at once."""
        days = whole.column(DAY).to_numpy()
        starts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
        stops = np.append(starts[1:], len(days))
        block = starts // _SPELT_AT_ONCE
        for first, last in zip(*_runs(block), strict=True):
            begin, end = int(starts[first]), int(stops[last])
            rows = visible(whole.slice(begin, end - begin))
            contents = self._spelling.write_each(rows, self._shape(feed), starts[first : last + 1] - begin)
            for day, content in zip(days[starts[first : last + 1]], contents, strict=True):
                self._path(feed, self._daily_name(feed, int(day))).write_bytes(content)

    def _deliver_faulty(self, feed: str, day: int, rows: pa.Table) -> None:
        assert self._faults is not None  # noqa: S101 - only faults put rows aside
        shape = self._shape(feed)
        for suffix, content in self._faults.files(feed, day, visible(rows), shape, self._spelling):
            self._path(feed, self._daily_name(feed, day) + suffix).write_bytes(content)

    def _daily_name(self, feed: str, day: int) -> str:
        return f"{feed}_{self._start + timedelta(days=day)}"

    def _shape(self, feed: str) -> FileShape:
        return self._shapes.get(feed, FileShape())

    def _path(self, feed: str, name: str) -> Path:
        schema(feed)  # an unknown feed is a programming error and stops here
        folder = self._landing / feed
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}{self._shape(feed).suffix}"

    def _append(self, feed: str, table: pa.Table) -> None:
        rows, shape, path = visible(table), self._shape(feed), self._path(feed, feed)
        if shape.format == "parquet":
            rows = for_parquet(rows, shape)
            if feed not in self._parquet:
                self._parquet[feed] = pq.ParquetWriter(path, rows.schema, compression="zstd")
            self._parquet[feed].write_table(rows.select(self._parquet[feed].schema.names), row_group_size=ROW_GROUP)
            return
        first = feed not in self._started
        self._started.add(feed)
        with path.open("wb" if first else "ab") as file:
            file.write(self._spelling.write(rows, shape, header=first))


def _runs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give first and last row of each run of equal values."""
    first = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    return first, np.append(first[1:], len(values)) - 1


def _whole(tables: list[pa.Table]) -> pa.Table:
    return _in_order_of_arrival(pa.concat_tables(tables, promote_options="permissive"))


def _last_of_each(feed: str, rows: pa.Table) -> pa.Table:
    """Keep the last row of each key, in the order of arrival."""
    keys = [name for name in KEYS[feed] if name != "platform"]  # a handle or post belongs to one platform
    codes = np.column_stack(
        [rows.column(name).combine_chunks().dictionary_encode().indices.to_numpy() for name in keys]
    )
    _, last = np.unique(codes[::-1], axis=0, return_index=True)
    return rows.take(pa.array(np.sort(len(codes) - 1 - last)))


def _in_order_of_arrival(table: pa.Table) -> pa.Table:
    days = table.column(DAY)
    if table.num_rows < 2 or not pc.any(pc.less(days[1:], days[:-1])).as_py():
        return table
    position = pa.array(np.arange(table.num_rows))
    order = pc.sort_indices(
        pa.table({"day": days, "position": position}), sort_keys=[("day", "ascending"), ("position", "ascending")]
    )
    return table.take(order)


def _by_day(table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Split rows that are in order of arrival into days."""
    days = table.column(DAY).to_numpy()
    starts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
    for start, stop in zip(starts, [*starts[1:], len(days)], strict=True):
        yield int(days[start]), table.slice(start, stop - start)
