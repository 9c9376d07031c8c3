"""Devices that report how much is left: the feed `device_signals`.

Belongs here: levels and refill warnings after the purchase of a product that lasts for a known time. Does not belong
here: the purchase of the refill (the core).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sources.companies.demo.codes import SYSTEMS, Ints
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.model import Life
from sources.companies.demo.moments import day_of
from sources.companies.demo.rows import DAY_SECONDS, hex_refs, label, rows_of_records, take_or_null
from sources.companies.demo.scene import Parts, Scene


def devices(scene: Scene, life: Life) -> Parts:
    """Make the signals of one chunk, and the truth about whose device it is."""
    section, chance, lines = scene.profile.devices, scene.chance, life.lines
    lasting = scene.products.refill_days[lines.product]
    order = lines.order.astype(np.int64)
    person = life.orders.person[order]
    owns = chance.flag(section.connected_share, "device", person, scene.products.category[lines.product])
    sold = np.flatnonzero((lasting > 0) & (lines.quantity > 0) & owns & ~life.orders.is_cancelled[order])
    if len(sold) == 0:
        return Parts()
    marks = np.array([*section.levels, section.low_level])
    line, mark = np.repeat(sold, len(marks)), np.tile(np.arange(len(marks)), len(sold))
    order, person, product = order[line], person[line], lines.product[line].astype(np.int64)
    number = life.orders.order[order]
    pace = np.exp(section.spread * chance.normal("device.pace", number, product))
    days = lasting[line] * lines.quantity[line] * pace * (1.0 - marks[mark])
    at = life.orders.at[order] + (days * DAY_SECONDS).astype(np.int64) + lines.number[line]
    day = day_of(scene, at)
    rows = np.flatnonzero(day < scene.until)
    refs = hex_refs("d", chance.bits("device.ref", person, scene.products.category[product]))
    record: Ints = rows_of_records(life.records, life.orders.record[order])
    known = record >= 0
    table = feed_table(
        "device_signals",
        day,
        device_ref=refs,
        occurred_at=at,
        signal=label(("level", "refill_due"), (mark == len(marks) - 1).astype(np.int64)),
        source_system=label(SYSTEMS, np.where(known, life.records.system[np.maximum(record, 0)], -1)),
        customer_ref=take_or_null(life.records.ref, record),
        product_ref=take_or_null(scene.products.ref, product),
        value=marks[mark],
    ).take(pa.array(rows))
    truth = pa.table({"device_ref": refs, "person_id": person, "_day": day}).take(pa.array(rows[mark[rows] == 0]))
    return Parts({"device_signals": [table]}, {"device": [truth]})
