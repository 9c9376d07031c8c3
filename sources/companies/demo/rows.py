"""Building blocks of the feeds: growing one row into several, references that tell nothing, finding records.

Belongs here: what several parts of a customer's life need to turn arrays into feed rows. Does not belong here: any
number of the world, any draw.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from sources.companies.demo.codes import Codes, Flags, Ints
from sources.companies.demo.model import Records

Bits = NDArray[np.uint64]
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
DAY_SECONDS = 86_400


def grow(counts: ArrayLike) -> tuple[Ints, Ints]:
    """Grow row i into `counts[i]` rows; give each new row's parent and its place among its siblings, from 0."""
    sizes = np.asarray(counts, dtype=np.int64)
    parent = np.repeat(np.arange(len(sizes)), sizes)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return parent, np.arange(len(parent)) - first


def place_in_group(group: ArrayLike) -> Ints:
    """Count the rows within runs of equal values, from 0; the groups' rows must stand together."""
    values = np.asarray(group)
    if len(values) == 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    return np.arange(len(values)) - np.repeat(starts, np.diff(np.r_[starts, len(values)]))


def sum_within_group(values: ArrayLike, group: ArrayLike) -> NDArray[np.float64]:
    """Add up from the start of each run of equal `group` values to each row, the row included."""
    amounts = np.asarray(values, dtype=np.float64)
    total = np.cumsum(amounts)
    first = np.arange(len(amounts)) - place_in_group(group)
    return np.asarray(total - (total - amounts)[first])


def hex_refs(prefix: str, bits: Bits) -> pa.StringArray:
    """Write 64 random bits as a reference, `prefix` and 16 hexadecimal digits."""
    octets = np.ascontiguousarray(bits, dtype=">u8").view(np.uint8).reshape(-1, 8)
    digits = np.empty((len(octets), len(prefix) + 16), dtype=np.uint8)
    digits[:, : len(prefix)] = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    digits[:, len(prefix) :: 2] = _HEX[octets >> 4]
    digits[:, len(prefix) + 1 :: 2] = _HEX[octets & 15]
    offsets = np.arange(len(octets) + 1, dtype=np.int32) * digits.shape[1]
    return pa.StringArray.from_buffers(len(octets), pa.py_buffer(offsets), pa.py_buffer(digits))


def record_at(records: Records, person: Ints, at: Ints, systems: tuple[int, ...]) -> Ints:
    """Find the first record that each person has in one of the systems at an instant.

    Returns:
        Rows in `records`; -1 where there is none.
    """
    suits = np.flatnonzero(np.isin(records.system, systems))
    order = suits[np.lexsort((records.since_at[suits], records.person[suits]))]
    owners = records.person[order]
    first = np.searchsorted(owners, person)
    within = np.minimum(first, max(len(order) - 1, 0))
    if len(order) == 0:
        return np.full(len(person), -1, dtype=np.int64)
    found = order[within]
    known = (first < len(order)) & (records.person[found] == person) & (records.since_at[found] <= at)
    return np.asarray(np.where(known, found, -1))


def rows_of_records(records: Records, numbers: Ints) -> Ints:
    """Find the rows of record numbers; -1 stays -1."""
    order = np.argsort(records.record, kind="stable")
    place = np.searchsorted(records.record, numbers, sorter=order)
    rows = order[np.minimum(place, len(order) - 1)] if len(order) else np.zeros(len(numbers), dtype=np.int64)
    return np.asarray(np.where(numbers >= 0, rows, -1))


def take_or_null(values: pa.Array, rows: Ints | Codes, known: Flags | None = None) -> pa.Array:
    """Take rows of an Arrow array; negative rows, and those not `known`, become null."""
    wanted = np.asarray(rows, dtype=np.int64)
    missing = wanted < 0 if known is None else (wanted < 0) | ~known
    return values.take(pa.array(np.where(missing, 0, wanted), mask=missing))


def label(names: tuple[str, ...] | list[str], codes: ArrayLike) -> pa.Array:
    """Turn codes into their names; negative codes become null."""
    return take_or_null(pa.array(list(names), type=pa.string()), np.asarray(codes, dtype=np.int64))
