"""Days played ahead: what will be delivered on days to come, kept beside the truth until they are wanted.

Belongs here: files of rows by day, and of the truth with its hidden columns. Does not belong here: delivering them
(`continuing`).

A day does not hang on those after it, so the world may be played further than it is told. What has been played ahead
costs nothing to play again; to continue by a day is then to read that day and write it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from sources.companies.demo.feed_shapes import DAY

_FOLDER, _INDEX = "ahead", "days.json"
_COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")


class DaysAhead:
    """Gathers what lies ahead and puts it into place when it is complete; use as a context manager."""

    def __init__(self, truth: Path, first: int, until: int) -> None:
        """Keep the rows of the days `first <= day < until` in the folder of the truth."""
        self._place, self._fresh = truth / _FOLDER, truth / f".{_FOLDER}"
        self.first, self.until = first, until
        self._rows: dict[str, list[pa.Table]] = {}
        self._facts: dict[str, pa.ipc.RecordBatchFileWriter] = {}

    def __enter__(self) -> DaysAhead:
        """Give the gatherer itself."""
        shutil.rmtree(self._fresh, ignore_errors=True)
        self._fresh.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the rows by day, and put the files into place."""
        for writer in self._facts.values():
            writer.close()
        if kind is None:
            for feed, tables in self._rows.items():
                self._write_days(feed, pa.concat_tables(tables, promote_options="permissive"))
            (self._fresh / _INDEX).write_text(json.dumps({"first": self.first, "until": self.until}))
            forget(self._place.parent)
            self._fresh.rename(self._place)
        shutil.rmtree(self._fresh, ignore_errors=True)

    def add_rows(self, feed: str, rows: pa.Table) -> None:
        """Keep rows of a feed, soiled, with their hidden columns."""
        if rows.num_rows:
            self._rows.setdefault(feed, []).append(rows)

    def add_truth(self, name: str, table: pa.Table) -> None:
        """Keep rows of a truth table with their hidden columns, whatever their day."""
        if name not in self._facts:
            self._facts[name] = pa.ipc.new_file(self._fresh / f"truth_{name}.arrow", table.schema, options=_COMPRESSED)
        self._facts[name].write_table(table.combine_chunks())

    def _write_days(self, feed: str, rows: pa.Table) -> None:
        rows = rows.take(pa.array(np.argsort(rows.column(DAY).to_numpy(), kind="stable")))
        edges = np.searchsorted(rows.column(DAY).to_numpy(), np.arange(self.first, self.until + 1))
        path = self._fresh / f"feed_{feed}.arrow"
        with pa.ipc.new_file(path, rows.schema, options=_COMPRESSED) as file:
            for start, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
                (batch,) = rows.slice(start, stop - start).combine_chunks().to_batches() or [_empty(rows.schema)]
                file.write_batch(batch)


@dataclass(frozen=True)
class Kept:
    """Days that were played ahead: those with `first <= day < until`."""

    folder: Path
    first: int
    until: int

    def rows(self, feed: str, first: int, until: int) -> pa.Table | None:
        """Give the rows of a feed on some of the days, None where the feed has none at all."""
        path = self.folder / f"feed_{feed}.arrow"
        if not path.is_file():
            return None
        with pa.memory_map(str(path)) as source:
            file = pa.ipc.open_file(source)
            batches = [file.get_batch(day - self.first) for day in range(first, until)]
            return pa.Table.from_batches(batches, file.schema)

    def truth(self) -> Iterator[tuple[str, pa.Table]]:
        """Give the truth piece by piece, with hidden columns."""
        for path in sorted(self.folder.glob("truth_*.arrow")):
            with pa.memory_map(str(path)) as source:
                file = pa.ipc.open_file(source)
                for number in range(file.num_record_batches):
                    yield path.stem.removeprefix("truth_"), pa.Table.from_batches([file.get_batch(number)])


def kept_ahead(truth: Path) -> Kept | None:
    """Find the days that are kept beside a truth."""
    index = truth / _FOLDER / _INDEX
    if not index.is_file():
        return None
    days = json.loads(index.read_text(encoding="utf-8"))
    return Kept(index.parent, int(days["first"]), int(days["until"]))


def forget(truth: Path) -> None:
    """Throw the days away that are kept beside a truth, as when a plan changes them."""
    shutil.rmtree(truth / _FOLDER, ignore_errors=True)


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
