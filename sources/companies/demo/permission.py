"""Permissions: what persons allow at arrival, how it changes, and how contact pressure ends it.

Belongs here: consent per person and channel, and the rows that state it. Does not belong here: the contacts that cause
the pressure (`contacts`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sources.companies.demo.codes import CHANNEL, CHANNELS, NEVER
from sources.companies.demo.market import instants
from sources.companies.demo.model import Consents, Records
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_YEAR = 365.25
_MARKETING = 0
_FORM, _ACCOUNT, _LINK = "form", "account_settings", "unsubscribe_link"


@dataclass
class Permission:
    """Consent of a chunk's persons for the campaigns' purpose, person (index) by channel.

    Attributes:
        known: something is on file from the arrival on. given: it is an opt-in.
        flips: day of a change of mind without pressure. ends: day of an opt-out after a contact. NEVER if none.
        needed: per channel, whether consent is needed at all.
    """

    known: Flags
    given: Flags
    flips: Ints
    ends: Ints
    needed: Flags

    def allows(self, row: Ints, channel: Ints, day: Ints) -> Flags:
        """Tell whether each person may be contacted through the channel on the day."""
        flipped = day > self.flips[row, channel]
        given = self.known[row, channel] & (self.given[row, channel] != flipped)
        return np.asarray((given & (day <= self.ends[row, channel])) | ~self.needed[channel])

    def end(self, row: Ints, channel: Ints, day: Ints) -> None:
        """Withdraw consent for one channel each."""
        np.minimum.at(self.ends, (row, channel), day)


def draw_permission(scene: Scene, lo: int, hi: int) -> Permission:
    """Draw consent at arrival and the first change of mind; who leaves unknown is never asked again."""
    chance, section = scene.chance, scene.profile.consent
    person = np.arange(lo, hi)
    shape = (hi - lo, len(CHANNELS))
    known, given = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    flips = np.full(shape, NEVER, dtype=np.int64)
    start = np.maximum(scene.persons.arrived[person], 0)
    for name, share in section.given_at_arrival.items():
        code = CHANNEL[name]
        known[:, code] = ~chance.flag(section.unknown_share, "consent.unknown", person, code)
        given[:, code] = chance.flag(share, "consent.given", person, code)
        rate = np.where(given[:, code], section.opt_out_per_year, section.opt_in_per_year)
        years = chance.exponential("consent.flips", person, code) / np.maximum(
            -np.log1p(-np.minimum(rate, 0.999999)), 1e-12
        )
        flips[:, code] = np.minimum(start + 1 + np.floor(np.minimum(years * _YEAR, NEVER)), NEVER)
    needed = np.zeros(len(CHANNELS), dtype=bool)
    for name, cost in scene.profile.contacts.channels.items():
        needed[CHANNEL[name]] = cost.needs_consent
    return Permission(known, given, flips, np.full(shape, NEVER, dtype=np.int64), needed)


def state_consents(scene: Scene, lo: int, records: Records, permission: Permission) -> Consents:
    """Write down who said what when: at each person's first record; e-mail also when a further account is opened."""
    first = np.flatnonzero(records.record % 8 == 0)
    row = records.person[first] - lo
    parts = []
    for name in scene.profile.consent.given_at_arrival:
        code = CHANNEL[name]
        known = permission.known[row, code]
        given, flips, ends = (m[row, code] for m in (permission.given, permission.flips, permission.ends))
        since = records.since[first].astype(np.int64)
        parts.append(_rows(first[known], code, _MARKETING, since[known], -1, given[known], _FORM))
        turns = known & (flips < NEVER) & ((flips < ends) | given)
        turns &= flips < ends
        parts.append(_rows(first[turns], code, _MARKETING, flips[turns], code, ~given[turns], _ACCOUNT))
        stops = ends < NEVER
        parts.append(_rows(first[stops], code, _MARKETING, ends[stops], code + 64, np.zeros(stops.sum(), bool), _LINK))
    parts += [_further_accounts(scene, lo, records, permission), *_other_purposes(scene, records, first)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    record, channel, purpose, day, salt, opt_in, evidence = columns
    order = np.lexsort((purpose, channel, day, record))
    record, channel, purpose, day, salt, opt_in, evidence = (c[order] for c in columns)
    office = 9 * 3600 + scene.chance.integers(10 * 3600, "consent.second", records.record[record], channel, salt + 1)
    at = np.where(salt < 0, records.since_at[record] + 60, instants(scene.market, day, office))
    return Consents(
        person=records.person[record],
        record=records.record[record],
        channel=channel.astype(np.int16),
        purpose=purpose.astype(np.int16),
        day=day.astype(np.int32),
        at=at,
        is_opt_in=opt_in.astype(bool),
        evidence=pa.array(evidence.astype(object), pa.string()),
    )


_Part = tuple[Ints, Ints, Ints, Ints, Ints, Flags, NDArray[np.str_]]


def _rows(record: Ints, channel: int, purpose: int, day: Ints, salt: int, opt_in: Flags, evidence: str) -> _Part:
    full = np.full
    count = len(record)
    return record, full(count, channel), full(count, purpose), day, full(count, salt), opt_in, full(count, evidence)


def _further_accounts(scene: Scene, lo: int, records: Records, permission: Permission) -> _Part:
    """State e-mail consent again at a further account, as it stands on that day."""
    code = CHANNEL["email"]
    later = np.flatnonzero((records.record % 8 > 0) & (np.asarray(records.since) >= 0))
    row, day = records.person[later] - lo, records.since[later].astype(np.int64)
    said = permission.known[row, code] & ("email" in scene.profile.consent.given_at_arrival)
    allowed = permission.allows(row, np.full(len(row), code), day)
    return _rows(later[said], code, _MARKETING, day[said], -1, allowed[said], _ACCOUNT)


def _other_purposes(scene: Scene, records: Records, first: Ints) -> list[_Part]:
    """State the other purposes once, for e-mail."""
    section, code, parts = scene.profile.consent, CHANNEL["email"], []
    share = section.given_at_arrival.get("email", 0.0)
    for purpose in range(1, len(section.purposes)):
        given = scene.chance.flag(share, "consent.purpose", records.record[first], purpose)
        parts.append(_rows(first, code, purpose, records.since[first].astype(np.int64), -1, given, _FORM))
    return parts
