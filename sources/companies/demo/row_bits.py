"""What a fault hangs on: 64 bits made of a row's key and the day of its delivery.

Belongs here: mixing columns into bits, by value. Does not belong here: what is drawn with them (`dirt`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo.feed_shapes import DAY, KEYS
from sources.companies.demo.rows import Bits


def key_bits(feed: str, table: pa.Table) -> Bits:
    """Mix the row's key and day of delivery into 64 bits."""
    state = table.column(DAY).to_numpy().astype(np.uint64)
    for name in KEYS[feed]:
        state = (state ^ column_bits(table.column(name))) * np.uint64(0x9E3779B97F4A7C15)
        state ^= state >> np.uint64(29)
    return np.asarray(state)


def column_bits(column: pa.Array | pa.ChunkedArray) -> Bits:
    """Give 64 bits of each value: of a text its last eight bytes and its length."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    array = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
    if not pa.types.is_string(array.type):
        array = array.cast(pa.int32()) if pa.types.is_date32(array.type) else array
        numbers = pc.fill_null(array.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
        return np.asarray(np.asarray(numbers, dtype=np.int64).astype(np.uint64))
    _, offsets, data = pc.fill_null(array, "").buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    letters = np.frombuffer(data, dtype=np.uint8) if data is not None and data.size else np.zeros(1, dtype=np.uint8)
    bits = (ends[1:] - ends[:-1]).astype(np.uint64)
    for back in range(1, 9):
        place = ends[1:] - back
        inside = place >= ends[:-1]
        letter = np.where(inside, letters[np.maximum(place, 0)], 0).astype(np.uint64)
        bits ^= letter << np.uint64(8 * (back - 1))
    return np.asarray(bits)
