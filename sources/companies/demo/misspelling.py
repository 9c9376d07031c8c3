"""How errors look in texts and dates: letters replaced or swapped, accents lost, day and month exchanged.

Belongs here: pure functions from columns to columns. Does not belong here: who is hit (`records`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_LONGEST = 24
_NEIGHBOURS = dict(zip("abcdefghijklmnopqrstuvwxyz", "snvfrdhjokljmnipwetyicqzxy", strict=False))


def without_accents(texts: pa.StringArray, where: Flags) -> pa.StringArray:
    """Drop the accents of the texts marked."""
    bare = pc.replace_substring_regex(pc.utf8_normalize(texts, "NFD"), r"\p{Mn}", "")
    return pc.if_else(pa.array(where), bare, texts)


def initials(texts: pa.StringArray, where: Flags) -> pa.StringArray:
    """Cut the texts marked to a first letter and a point."""
    return pc.if_else(
        pa.array(where), pc.binary_join_element_wise(pc.utf8_slice_codeunits(texts, 0, 1), "", "."), texts
    )


def with_typo(texts: pa.StringArray, where: Flags, uniform: NDArray[np.float64]) -> pa.StringArray:
    """Replace one letter, not the first, of each text marked by its neighbour on the keyboard."""

    def replaced(text: pa.StringArray, place: int) -> pa.StringArray:
        letter = pc.utf8_slice_codeunits(text, place, place + 1)
        other = pc.if_else(pc.equal(letter, "a"), "s", pc.if_else(pc.equal(letter, "e"), "r", _shift(letter)))
        return _join(pc.utf8_slice_codeunits(text, 0, place), other, pc.utf8_slice_codeunits(text, place + 1))

    return _edit(texts, where, uniform, 1, 0, replaced)


def with_swap(texts: pa.StringArray, where: Flags, uniform: NDArray[np.float64]) -> pa.StringArray:
    """Swap two neighbouring letters, not the first, of each text marked."""

    def swapped(text: pa.StringArray, place: int) -> pa.StringArray:
        first = pc.utf8_slice_codeunits(text, place, place + 1)
        second = pc.utf8_slice_codeunits(text, place + 1, place + 2)
        return _join(pc.utf8_slice_codeunits(text, 0, place), second, first, pc.utf8_slice_codeunits(text, place + 2))

    return _edit(texts, where, uniform, 1, 1, swapped)


def swapped_day_month(days: Ints, where: Flags) -> Ints:
    """Exchange day and month of the dates (days since 1970) marked, where both are at most 12."""
    year, month, day = _parts(days)
    can = where & (day <= 12)
    swapped = _days(year, np.where(can, day, month), np.where(can, month, day))
    return np.asarray(np.where(can, swapped, days))


def wrong_year(days: Ints, where: Flags, uniform: NDArray[np.float64]) -> Ints:
    """Move the dates marked by a year or by ten, either way; the 29th of February to the 1st of March."""
    year, month, day = _parts(days)
    by = np.array([-10, -1, 1, 10])[(uniform * 4).astype(np.int64)]
    return np.asarray(np.where(where, _days(year + by, month, day), days))


def _shift(letter: pa.StringArray) -> pa.StringArray:
    """Map a letter to a neighbour on the keyboard; what is no letter becomes an x."""
    known = pa.array(list(_NEIGHBOURS))
    place = pc.index_in(pc.utf8_lower(letter), known)
    other = pa.array(list(_NEIGHBOURS.values())).take(place)
    return pc.fill_null(other, "x")


def _edit(
    texts: pa.StringArray,
    where: Flags,
    uniform: NDArray[np.float64],
    first: int,
    spare: int,
    change: Callable[[pa.StringArray, int], pa.StringArray],
) -> pa.StringArray:
    """Change each text marked at a place drawn between `first` and its end less `spare`, place by place."""
    length = np.minimum(np.asarray(pc.utf8_length(texts)).astype(np.int64), _LONGEST)
    room = length - first - spare
    place = np.where(where & (room > 0), first + np.floor(uniform * room).astype(np.int64), -1)
    for at in np.unique(place[place >= 0]):
        hit = pa.array(place == at)
        texts = pc.replace_with_mask(texts, hit, change(texts.filter(hit), int(at)))
    return texts


def _join(*parts: pa.StringArray) -> pa.StringArray:
    return pc.binary_join_element_wise(*parts, "")


def _parts(days: Ints) -> tuple[Ints, Ints, Ints]:
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    year = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    return year, months.astype(np.int64) % 12 + 1, (dates - months).astype(np.int64) + 1


def _days(year: Ints, month: Ints, day: Ints) -> Ints:
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    return np.asarray(months.astype("datetime64[D]").astype(np.int64) + day - 1)
