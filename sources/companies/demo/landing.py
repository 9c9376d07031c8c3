"""The landing folder as a whole: soils rows, keeps those of the wanted days, puts them into files.

Belongs here: which rows are written, and under which name. Does not belong here: their bytes (`feeds_out`).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo.dirt import Dirt
from sources.companies.demo.dirty_files import FileFaults
from sources.companies.demo.feed_shapes import DAY
from sources.companies.demo.feeds_out import FeedWriter
from sources.companies.demo.scene import Scene


class Landing:
    """The landing folder: rows of the wanted days only, in files of their own where earlier ones are there already."""

    def __init__(self, landing: Path, scene: Scene, first: int, *, by_day: bool) -> None:
        profile = scene.profile
        self._dirt = Dirt(scene, profile.files)
        self._writer = FeedWriter(
            landing,
            profile.files,
            profile.start,
            layout="daily" if by_day else "bulk",
            time_zone=profile.time_zone,
            faults=FileFaults(scene, self._dirt),
        )
        self._first, self._until, self._start = first, scene.until, profile.start
        self._later: dict[str, list[pa.Table]] | None = {} if first > 0 and not by_day else None

    def __enter__(self) -> Landing:
        self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._later is not None:
            first, last = (self._start + timedelta(days=day) for day in (self._first, self._until - 1))
            for feed, tables in sorted(self._later.items()):
                whole = pa.concat_tables(tables, promote_options="permissive")
                order = np.argsort(whole.column(DAY).to_numpy(), kind="stable")
                self._writer.deliver(feed, whole.take(pa.array(order)), f"{feed}_{first}_{last}")
        self._writer.__exit__(kind, fault, trace)

    def add(self, feed: str, table: pa.Table) -> int:
        """Soil the rows, write those delivered in the wanted days and count them."""
        table = self._dirt.soil(feed, table)
        day = table.column(DAY)
        wanted = pc.and_(pc.greater_equal(day, self._first), pc.less(day, self._until))
        rows = table if pc.all(wanted).as_py() else table.filter(wanted)
        if self._later is None:
            self._writer.add(feed, rows)
        elif rows.num_rows:
            self._later.setdefault(feed, []).append(rows)
        return int(rows.num_rows)

    def faults(self) -> pa.Table:
        """List what is wrong with the feeds; complete once the landing folder is closed."""
        return self._dirt.truth()
