"""Versions of records: when each was first written down, and when something in it changed.

Belongs here: days, instants and the state after each change. Does not belong here: the columns' spelling (`registry`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo.codes import NEVER, Ints
from sources.companies.demo.market import instants
from sources.companies.demo.model import Records
from sources.companies.demo.rows import grow
from sources.companies.demo.scene import Scene

Flags = NDArray[np.bool_]

_YEAR = 365.25
_OFFICE_OPENS, _OFFICE_SECONDS = 9 * 3600, 9 * 3600
_CREATED, MOVED, MARRIED, TOUCHED, DELETED = range(5)


def tells_of_marriage(scene: Scene, records: Records) -> Ints:
    """Give the day on which each record hears of the marriage, NEVER if it does not."""
    return _told(scene, records, "married", scene.profile.records.tells_of_marriage_share, scene.persons.married_on)


def tells_of_move(scene: Scene, records: Records) -> Ints:
    """Give the day on which each record hears of the move, NEVER if it does not."""
    return _told(scene, records, "moved", scene.profile.records.tells_of_move_share, scene.persons.moved_on)


def _told(scene: Scene, records: Records, what: str, share: float, happened: NDArray[np.int32]) -> Ints:
    on = happened[records.person].astype(np.int64)
    delay = scene.profile.records.update_delay_days * scene.chance.exponential(f"record.{what}.delay", records.record)
    tells = scene.chance.flag(share, f"record.{what}.tells", records.record) & (on < NEVER) & (on >= records.since)
    return np.asarray(np.where(tells, on + 1 + np.floor(delay).astype(np.int64), NEVER))


def versions(scene: Scene, records: Records) -> tuple[Ints, Ints, Ints, dict[int, NDArray[np.int64]]]:
    """Lay out the versions: row in Records, day, instant, and how often each kind of change has happened by then."""
    rows, day = np.arange(len(records.record)), records.since.astype(np.int64)
    touched, touched_day = _touches(scene, records)
    parts = [
        (rows, day, _CREATED),
        (rows, tells_of_move(scene, records), MOVED),
        (rows, tells_of_marriage(scene, records), MARRIED),
        (touched, touched_day, TOUCHED),
        (rows, _closing(scene, records), DELETED),
    ]
    row = np.concatenate([r for r, _, _ in parts])
    days = np.concatenate([d for _, d, _ in parts])
    kind = np.concatenate([np.full(len(r), k) for r, _, k in parts])
    keep = (days < scene.until) & (records.since[row] < scene.until) & (days >= records.since[row])
    row, days, kind = row[keep], days[keep], kind[keep]
    order = np.lexsort((kind, days, row))
    row, days, kind = row[order], days[order], kind[order]
    state = {k: _so_far(row, kind == k) for k in (MOVED, MARRIED, TOUCHED, DELETED)}
    later = instants(scene.market, days, _office_second(scene, records.record[row], days))
    at = np.where(kind == _CREATED, records.since_at[row], np.maximum(later, records.since_at[row] + 60 * (1 + kind)))
    alive = (state[DELETED] == 0) | (kind == DELETED)
    return row[alive], days[alive], at[alive], {k: v[alive] for k, v in state.items()}


def _so_far(row: Ints, happened: Flags) -> Ints:
    """Count within each record how often it has happened up to each version."""
    total = np.cumsum(happened)
    first = np.concatenate(([True], row[1:] != row[:-1])) if len(row) else np.zeros(0, dtype=bool)
    before = np.where(first, total - happened, 0)
    return np.asarray(total - np.maximum.accumulate(before), dtype=np.int64) if len(row) else total.astype(np.int64)


def _office_second(scene: Scene, record: Ints, day: Ints) -> Ints:
    return _OFFICE_OPENS + scene.chance.integers(_OFFICE_SECONDS, "record.updated", record, day)


def _touches(scene: Scene, records: Records) -> tuple[Ints, Ints]:
    horizon = scene.profile.horizon
    years = np.maximum(horizon - np.maximum(records.since, 0), 0) / _YEAR
    count = scene.chance.poisson(scene.profile.records.touched_per_year * years, "record.touched", records.record)
    row, place = grow(count)
    start = np.maximum(records.since[row], 0).astype(np.int64)
    share = scene.chance.uniform("record.touched_on", records.record[row], place)
    return row, start + 1 + np.floor(share * np.maximum(horizon - start - 1, 0)).astype(np.int64)


def _closing(scene: Scene, records: Records) -> Ints:
    rate = scene.profile.records.deleted_per_year
    if rate <= 0:
        return np.full(len(records.record), NEVER, dtype=np.int64)
    years = scene.chance.exponential("record.deleted", records.record) / -np.log1p(-min(rate, 0.999999))
    day = np.maximum(records.since, 0) + 1 + np.floor(years * _YEAR)
    return np.asarray(np.minimum(day, NEVER), dtype=np.int64)
