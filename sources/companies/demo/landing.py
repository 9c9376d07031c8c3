"""The landing folder as a whole: soils rows, keeps those of the wanted days, puts them into files.

Belongs here: which rows are written, and under which name. Does not belong here: their bytes (`feeds_out`), days that
are played before they are wanted (`ahead`).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo.ahead import DaysAhead
from sources.companies.demo.dirt import Dirt
from sources.companies.demo.dirty_files import FileFaults
from sources.companies.demo.feed_shapes import DAY
from sources.companies.demo.feeds_out import FeedWriter
from sources.companies.demo.profile_feeds import FileShape
from sources.companies.demo.scene import Setting


def open_writer(landing: Path, setting: Setting, first: int, until: int, *, by_day: bool) -> FeedWriter:
    """Open the writer of the rows of the days `first <= day < until`; those of earlier days are there already."""
    profile = setting.profile
    since, last = (profile.start + timedelta(days=day) for day in (first, until - 1))
    return FeedWriter(
        landing,
        profile.files,
        profile.start,
        layout="daily" if by_day else "bulk",
        days=f"_{since}_{last}" if first > 0 and not by_day else "",
        time_zone=profile.time_zone,
        faults=FileFaults(setting),
    )


class Landing:
    """The landing folder: rows of the wanted days, in files of their own where earlier ones are there already."""

    def __init__(
        self, landing: Path, setting: Setting, first: int, until: int, *, by_day: bool, ahead: DaysAhead | None = None
    ) -> None:
        """Want the days `first <= day < until`; later ones that are played are kept in `ahead`."""
        self._shapes = setting.profile.files
        self._dirt, self._faults = Dirt(setting, self._shapes), FileFaults(setting)
        self._writer = open_writer(landing, setting, first, until, by_day=by_day)
        self._first, self._until, self._ahead = first, until, ahead

    def __enter__(self) -> Landing:
        self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, fault, trace)

    def add(self, feed: str, table: pa.Table) -> int:
        """Soil the rows, write those delivered in the wanted days and count them."""
        table = self._dirt.soil(feed, table)
        self._faults.note(feed, self._shapes.get(feed, FileShape()), table.column(DAY).to_numpy(), self._dirt)
        if self._ahead is not None:
            self._ahead.add_rows(feed, _between(table, self._until, self._ahead.until))
        rows = _between(table, self._first, self._until)
        self._writer.add(feed, rows)
        return int(rows.num_rows)

    def faults(self) -> pa.Table:
        """List what is wrong with the feeds, with hidden columns."""
        return self._dirt.truth()


def _between(table: pa.Table, first: int, until: int) -> pa.Table:
    """Give the rows that are delivered on the days `first <= day < until`."""
    day = table.column(DAY)
    wanted = pc.and_(pc.greater_equal(day, first), pc.less(day, until))
    return table if pc.all(wanted).as_py() else table.filter(wanted)
