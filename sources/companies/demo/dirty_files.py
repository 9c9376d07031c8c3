"""Faults of whole files: delivered twice, cut short, in another encoding, with a column too many or too few.

Belongs here: what becomes of a day's delivery of a feed when its file is faulty. Does not belong here: faults of rows
and of the time of delivery (`dirt`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from sources.companies.demo.codes import Flags, Ints
from sources.companies.demo.dirt import Dirt, strikes_day
from sources.companies.demo.file_bytes import Spelling
from sources.companies.demo.profile_feeds import FileShape
from sources.companies.demo.scene import Setting

KINDS = ("truncated", "wrong_encoding", "missing_column", "extra_column", "delivered_twice")
"""Kinds of faults; where several strike one day's file, the first of them counts."""
_SPARE = {
    "order_lines": "payment_method", "returns": "reason", "loyalty_entries": "reward", "web_events": "referrer_url",
    "contacts": "outcome", "campaign_contacts": "variant", "campaign_responses": "coupon_code", "consents": "evidence",
    "service_cases": "severity", "leads": "interests", "device_signals": "product_ref",
}  # fmt: skip
"""Feeds whose files may be faulty, and the optional column that such a file may lack."""
_EXTRA = "batch_note"
_KEPT_SHARE = 0.6


class FileFaults:
    """Decides which deliveries become faulty files, and makes these."""

    def __init__(self, setting: Setting) -> None:
        """Use the setting's chance and rates."""
        self._setting = setting

    def strikes(self, feed: str, shape: FileShape, day: Ints) -> Flags:
        """Tell which of the days have a faulty file."""
        answer = np.zeros(len(day), dtype=np.bool_)
        for kind in _kinds(feed, shape):
            answer |= strikes_day(self._setting, kind, feed, day.astype(np.int64))
        return answer

    def note(self, feed: str, shape: FileShape, days: Ints, dirt: Dirt) -> None:
        """Write down with the other faults which of the days on which a feed delivers have a faulty file."""
        some = np.unique(days)
        for day in some[self.strikes(feed, shape, some)]:
            kind, column, mended = self._fault(feed, int(day), shape)
            dirt.note_days(kind, feed, np.array([day]), column, mended=mended)

    def _fault(self, feed: str, day: int, shape: FileShape) -> tuple[str, str | None, bool]:
        """Give kind and column of the fault of a faulty file, and whether it comes again whole."""
        on = np.array([day])
        kind = next(kind for kind in _kinds(feed, shape) if strikes_day(self._setting, kind, feed, on)[0])
        column = {"missing_column": _SPARE[feed], "extra_column": _EXTRA}.get(kind)
        share = self._setting.profile.faults.repaired_share
        return (
            kind,
            column,
            kind == "truncated" and bool(self._setting.chance.flag(share, f"dirt.mended.{feed}", on)[0]),
        )

    def files(
        self, feed: str, day: int, rows: pa.Table, shape: FileShape, spelling: Spelling
    ) -> Iterator[tuple[str, bytes]]:
        """Give the files of a faulty delivery: what is put behind the usual name, and the content.

        A file cut short comes again whole as `_again`, with the share of the profile that is mended.
        """
        kind, _, mended = self._fault(feed, day, shape)
        if kind == "missing_column":
            rows = rows.drop_columns([_SPARE[feed]])
        elif kind == "extra_column":
            rows = rows.append_column(_EXTRA, pa.repeat(f"batch of day {day}", rows.num_rows))
        content = spelling.write(rows, shape)
        if kind == "truncated":
            yield "", content[: max(1, int(len(content) * _KEPT_SHARE))]
        elif kind == "wrong_encoding":
            yield "", content.decode("utf-8").encode("cp1252", errors="replace")
        else:
            yield "", content
        if kind == "delivered_twice" or mended:
            yield "_again", content


def _kinds(feed: str, shape: FileShape) -> list[str]:
    """Name the faults that files of this feed and shape can have."""
    if feed not in _SPARE or shape.format == "xlsx":
        return []
    plain = shape.format in ("csv", "jsonl") and shape.compression == "none" and shape.encoding == "utf-8"
    return [kind for kind in KINDS if kind != "wrong_encoding" or plain]
