"""The truth folder: Parquet files that grow chunk by chunk and appear when all are complete.

Belongs here: files. Does not belong here: what is true (`truth` and the parts of the world), and since when (`as_of`).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from sources.companies.demo.ahead import DaysAhead
from sources.companies.demo.as_of import as_of


class TruthFiles:
    """Write truth tables aside and put them into place at the end; after a fault nothing has changed."""

    def __init__(self, folder: Path, until: int, ahead: DaysAhead | None = None) -> None:
        """Write the truth as of day `until`; what will be true later is kept in `ahead`."""
        self._folder, self._fresh = folder, folder / ".writing"
        self._until, self._ahead = until, ahead
        self._files: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> TruthFiles:
        """Give the writer itself."""
        shutil.rmtree(self._fresh, ignore_errors=True)
        self._fresh.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put complete files into place."""
        for file in self._files.values():
            file.close()
        if kind is None:
            for path in sorted(self._fresh.iterdir()):
                path.replace(self._folder / path.name)
        shutil.rmtree(self._fresh, ignore_errors=True)

    def add(self, name: str, table: pa.Table) -> None:
        """Append rows to a table; hidden columns say since when they are true."""
        if self._ahead is not None:
            self._ahead.add_truth(name, table)
        known = as_of(table, self._until)
        if name not in self._files:
            self._files[name] = pq.ParquetWriter(self._fresh / f"{name}.parquet", known.schema, compression="zstd")
        if known.num_rows:
            self._files[name].write_table(known)
