"""Dirt: what goes wrong between the sources and the landing folder, at the profile's rates, all of it written down.

Belongs here: faults of rows and of times of delivery. Does not belong here: faults of files as such (`dirty_files`),
nor errors in what people say of themselves (`records`). `faults: {scale: 0}` is a faultless world.

A fault hangs on the row's key and the day of its delivery, so that chunks and threads make no difference. A feed whose
rows change but carry no `updated_at` is delivered in order: what came last is true there, and no fault may change that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo.as_of import ROW_DAY
from sources.companies.demo.codes import NEVER, Flags, Ints
from sources.companies.demo.feed_shapes import DAY, IN_ORDER, KEYS
from sources.companies.demo.file_bytes import WRITTEN_AS
from sources.companies.demo.profile_feeds import FileShape
from sources.companies.demo.row_bits import key_bits
from sources.companies.demo.rows import Bits, hex_refs
from sources.companies.demo.scene import Setting

FAULTS = pa.schema(
    [("kind", pa.string()), ("feed", pa.string()), ("delivered_on", pa.date32()), ("row_key", pa.string()),
     ("column", pa.string()), ("true_value", pa.string()), ("delivered_value", pa.string()), ("mended_on", pa.date32())]
)  # fmt: skip
"""Columns of truth/fault; a fault of a whole file has no key, one that is never mended no `mended_on`."""


@dataclass(frozen=True)
class _RowFault:
    """A kind of fault, and the column that it strikes in each feed that it may strike."""

    kind: str
    columns: dict[str, str]
    only_csv: bool = False


ROW_FAULTS = (
    _RowFault("corrected_later", {"order_lines": "net_amount", "products": "list_price", "service_cases": "topic"}),
    _RowFault("unknown_product", dict.fromkeys(("order_lines", "web_events", "returns"), "product_ref")),
    _RowFault("unknown_customer", dict.fromkeys(("order_lines", "consents", "contacts"), "customer_ref")),
    _RowFault(
        "missing_key",
        {
            "order_lines": "order_ref",
            "web_events": "event_ref",
            "campaign_responses": "response_ref",
            "contacts": "contact_ref",
            "leads": "lead_ref",
        },
    ),
    _RowFault(
        "impossible_date",
        {
            "order_lines": "ordered_at",
            "customers": "birth_date",
            "contacts": "occurred_at",
            "returns": "returned_at",
        },
        only_csv=True,
    ),
    _RowFault(
        "text_in_number",
        {"order_lines": "quantity", "returns": "amount", "loyalty_entries": "points", "contacts": "cost"},
        only_csv=True,
    ),
    _RowFault("wrong_currency", dict.fromkeys(("order_lines", "returns", "contacts", "campaign_contacts"), "currency")),
)
_DATES = ("2025-02-30T10:15:00Z", "2026-13-01T08:00:00Z", "0000-00-00", "31/06/2025")
_NUMBERS = ("n/a", "12 pz", "uno", "#REF!")
_CURRENCIES = ("EURO", "€", "LIT", "XX")
_TIMES = ("occurred_at", "ordered_at", "posted_at", "responded_at")


class Dirt:
    """Soils feed tables on their way out and remembers each fault."""

    def __init__(self, setting: Setting, shapes: Mapping[str, FileShape]) -> None:
        self._setting, self._shapes = setting, shapes
        self._rates = setting.profile.faults
        self._found: list[pa.Table] = []

    def soil(self, feed: str, table: pa.Table) -> pa.Table:
        """Give the table as it is delivered: rows struck, mended rows appended, days delayed, rows out of order."""
        if self._rates.scale <= 0 or table.num_rows == 0:
            return table
        possible = [fault for fault in ROW_FAULTS if feed in fault.columns and self._rates.rate(fault.kind) > 0]
        bits = key_bits(feed, table) if possible else np.zeros(0, dtype=np.uint64)
        taken = np.zeros(table.num_rows, dtype=np.bool_)
        mended = []
        clean = table
        for fault in possible:
            struck = self._struck(fault, feed, table, bits) & ~taken
            if not struck.any():
                continue
            taken |= struck
            rows = np.flatnonzero(struck)
            back_on = self._mended_on(fault, feed, table, bits, rows)
            mended.append(_again(clean, rows, back_on, self._setting))
            table = self._strike(fault, feed, table, rows, bits, back_on)
        table = pa.concat_tables([table, *mended], promote_options="permissive") if mended else table
        return self._delay(feed, table)

    def note(self, faults: pa.Table) -> None:
        """Remember faults that were found elsewhere."""
        self._found.append(faults)

    def truth(self) -> pa.Table:
        """List every fault, by kind, feed and key, with the hidden columns that `as_of` reads."""
        whole = pa.concat_tables([FAULTS.empty_table(), *self._found]).group_by(FAULTS.names).aggregate([])
        whole = whole.sort_by([(name, "ascending") for name in FAULTS.names])
        start = (self._setting.profile.start - date(1970, 1, 1)).days
        days = [
            pc.subtract(whole.column(name).cast(pa.int32()), pa.scalar(start, pa.int32()))
            for name in ("delivered_on", "mended_on")
        ]
        mended = pc.fill_null(days[1], pa.scalar(NEVER, pa.int32()))
        return whole.append_column(ROW_DAY, days[0]).append_column("_from_mended_on", mended)

    def _struck(self, fault: _RowFault, feed: str, table: pa.Table, bits: Bits) -> Flags:
        if fault.only_csv and self._shapes.get(feed, FileShape()).format != "csv":
            return np.zeros(table.num_rows, dtype=np.bool_)
        filled = table.column(fault.columns[feed]).is_valid().to_numpy()
        rate = self._rates.rate(fault.kind)
        return np.asarray(self._setting.chance.flag(rate, f"dirt.{fault.kind}", bits) & filled)

    def _mended_on(self, fault: _RowFault, feed: str, table: pa.Table, bits: Bits, rows: Ints) -> Ints:
        """Give the day on which each struck row comes again, mended; one beyond the play where it never does."""
        rates, chance = self._rates, self._setting.chance
        refused = fault.kind not in ("unknown_product", "unknown_customer", "corrected_later")
        may = refused or "updated_at" in table.schema.names
        share = 1.0 if fault.kind == "corrected_later" else rates.repaired_share if may else 0.0
        comes = chance.flag(share, f"dirt.{fault.kind}.mended", bits[rows])
        wait = rates.repaired_after_days * chance.exponential(f"dirt.{fault.kind}.wait", bits[rows])
        day = table.column(DAY).to_numpy()[rows] + 1 + np.floor(wait).astype(np.int64)
        return np.asarray(np.where(comes & (feed not in IN_ORDER), day, self._setting.profile.horizon + 10**6))

    def _strike(self, fault: _RowFault, feed: str, table: pa.Table, rows: Ints, bits: Bits, back_on: Ints) -> pa.Table:
        column = fault.columns[feed]
        draw = self._setting.chance.bits(f"dirt.{fault.kind}.value", bits[rows]).astype(np.uint64)
        before = table.column(column).take(pa.array(rows))
        wrong = _wrong_values(fault.kind, before, draw)
        self.note(self._faults(fault.kind, feed, column, table, rows, before, wrong, back_on))
        if fault.only_csv:
            texts = np.full(table.num_rows, None, dtype=object)
            texts[rows] = wrong.to_pylist()
            return table.append_column(f"{WRITTEN_AS}{column}", pa.array(texts, pa.string()))
        place = table.schema.get_field_index(column)
        mask = np.zeros(table.num_rows, dtype=np.bool_)
        mask[rows] = True
        struck = pc.replace_with_mask(table.column(column).combine_chunks(), pa.array(mask), wrong)
        return table.set_column(place, column, struck)

    def _faults(
        self, kind: str, feed: str, column: str, table: pa.Table, rows: Ints, before: pa.ChunkedArray,
        wrong: pa.Array, back_on: Ints,
    ) -> pa.Table:  # fmt: skip
        some = table.take(pa.array(rows))
        keys = [json.dumps([str(row[name]) for name in KEYS[feed]]) for row in some.select(KEYS[feed]).to_pylist()]
        start = self._setting.profile.start
        mended = [start + timedelta(days=int(d)) if d < self._setting.until else None for d in back_on]
        return pa.table(
            [
                pa.array([kind] * len(rows), pa.string()), pa.array([feed] * len(rows), pa.string()),
                pa.array([start + timedelta(days=int(d)) for d in some.column(DAY).to_pylist()], pa.date32()),
                pa.array(keys, pa.string()), pa.array([column] * len(rows), pa.string()),
                pa.array([_text(v) for v in before.to_pylist()], pa.string()),
                pa.array([_text(v) for v in wrong.to_pylist()], pa.string()), pa.array(mended, pa.date32()),
            ],
            schema=FAULTS,
        )  # fmt: skip

    def _delay(self, feed: str, table: pa.Table) -> pa.Table:
        """Let the deliveries of some days come late, in reverse order, or from a source whose clock is ahead."""
        if feed in IN_ORDER:
            return table
        day = table.column(DAY).to_numpy().astype(np.int64)
        table = self._skew(feed, table, day)
        late = self._strikes_day("late", feed, day) & (day > 0)
        wait = 1 + self._setting.chance.integers(self._rates.late_days, "dirt.late.days", _number(feed), day)
        delivered = np.where(late, day + wait, day)
        self.note_days("late", feed, day[late], None)
        table = table.set_column(table.schema.get_field_index(DAY), DAY, pa.array(delivered.astype(np.int32)))
        turned = self._strikes_day("out_of_order", feed, delivered)
        self.note_days("out_of_order", feed, delivered[turned], None)
        if not turned.any():
            return table
        place = np.arange(len(day))
        return table.take(pa.array(np.lexsort((np.where(turned, -place, place), delivered))))

    def _skew(self, feed: str, table: pa.Table, day: Ints) -> pa.Table:
        column = next((name for name in _TIMES if name in table.schema.names), None)
        ahead = self._strikes_day("clock_skew", feed, day)
        if column is None or not ahead.any():
            return table
        self.note_days("clock_skew", feed, day[ahead], column)
        seconds = table.column(column).cast(pa.int64())
        moved = pc.add(seconds, pa.array(np.where(ahead, self._rates.clock_skew_seconds, 0)))
        kind = table.schema.field(column).type
        return table.set_column(table.schema.get_field_index(column), column, moved.cast(kind))

    def _strikes_day(self, kind: str, feed: str, day: Ints) -> Flags:
        return strikes_day(self._setting, kind, feed, day)

    def note_days(self, kind: str, feed: str, days: Ints, column: str | None, *, mended: bool = False) -> None:
        """Remember a fault of what a feed delivers on some days; one that is mended comes again on the same day."""
        some = np.unique(days)
        start = self._setting.profile.start
        nothing = [None] * len(some)
        dates = [start + timedelta(days=int(d)) for d in some]
        rows = [[kind] * len(some), [feed] * len(some), dates,
                nothing, [column] * len(some), nothing, nothing, dates if mended else nothing]  # fmt: skip
        self.note(pa.table([pa.array(v, f.type) for v, f in zip(rows, FAULTS, strict=True)], schema=FAULTS))


def strikes_day(setting: Setting, kind: str, feed: str, day: Ints) -> Flags:
    """Tell whether a fault of this kind strikes what the feed delivers on each day."""
    rate = setting.profile.faults.rate(kind)
    if rate <= 0 or feed in IN_ORDER:
        return np.zeros(len(day), dtype=np.bool_)
    return setting.chance.flag(rate, f"dirt.{kind}", _number(feed), day)


def _wrong_values(kind: str, before: pa.ChunkedArray, draw: Bits) -> pa.Array:
    texts = {"impossible_date": _DATES, "text_in_number": _NUMBERS, "wrong_currency": _CURRENCIES}.get(kind)
    if texts is not None:
        return _one_of(texts, draw)
    if kind == "missing_key":
        return pa.nulls(len(draw), before.type)
    if kind in ("unknown_product", "unknown_customer"):
        return hex_refs("X", draw)
    if pa.types.is_string(before.type):
        return pa.array(["unsorted"] * len(draw), pa.string())
    wrong = np.asarray(before.to_numpy(), dtype=np.float64) * np.where(draw % np.uint64(2) == 0, 10.0, 0.1)
    return pa.array(np.round(wrong, 2))


def _one_of(values: tuple[str, ...], draw: Bits) -> pa.Array:
    return pa.array(values).take(pa.array((draw % np.uint64(len(values))).astype(np.int64)))


def _again(clean: pa.Table, rows: Ints, day: Ints, setting: Setting) -> pa.Table:
    """Give the rows as they should have been, on the day on which they come again.

    A mended row is a second newer than the faulty one, no more: what changed since then stays the last word.
    """
    comes = np.flatnonzero(day < setting.until)
    mended = clean.take(pa.array(rows[comes]))
    if "updated_at" in mended.schema.names:
        place = mended.schema.get_field_index("updated_at")
        later = pc.add(mended.column("updated_at").cast(pa.int64()), 1)
        mended = mended.set_column(place, "updated_at", later.cast(mended.schema.field("updated_at").type))
    return mended.set_column(mended.schema.get_field_index(DAY), DAY, pa.array(day[comes].astype(np.int32)))


def _number(feed: str) -> int:
    """Give the feed a number of its own; it must not change when a feed is added."""
    return int.from_bytes(feed.encode()[-7:], "little")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
