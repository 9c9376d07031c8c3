"""The truth folder: Parquet files that grow chunk by chunk and appear when all are complete.

Belongs here: files. Does not belong here: what is true (`truth` and the parts of the world).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_FAULT = "fault"
_FIRST_DAY = "delivered_on"


class TruthFiles:
    """Write truth tables aside and put them into place at the end; after a fault nothing has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._fresh = folder, folder / ".writing"
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
        """Append rows to a table."""
        if name not in self._files:
            self._files[name] = pq.ParquetWriter(self._fresh / f"{name}.parquet", table.schema, compression="zstd")
        self._files[name].write_table(table)

    def add_faults(self, faults: pa.Table, since: pa.Scalar | None) -> None:
        """Write the faults; those of days before `since` (date32) were written down when these were delivered."""
        known = self._folder / f"{_FAULT}.parquet"
        if since is not None and known.is_file():
            before = pq.read_table(known)
            before = before.filter(pc.less(before.column(_FIRST_DAY), since))
            faults = faults.filter(pc.greater_equal(faults.column(_FIRST_DAY), since))
            faults = pa.concat_tables([before.cast(faults.schema), faults])
        self.add(_FAULT, faults)
