"""Which records a person has: accounts in systems, since when, and with which errors.

Belongs here: the error model. Does not belong here: how an error looks in a name (`misspelling`), rows of the feed
(`registry`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.companies.demo.chance import scramble
from sources.companies.demo.codes import CHANNEL, SYSTEM, SYSTEMS, Ints
from sources.companies.demo.market import instants
from sources.companies.demo.model import Records
from sources.companies.demo.profile_core import ErrorRates
from sources.companies.demo.rows import grow
from sources.companies.demo.scene import Scene

RECORDS_A_PERSON = 8
ERRORS = (*ErrorRates.model_fields, "second_account", "phone_unusual")
"""Kinds of errors; the bit of `Records.kinds` is the place in this tuple."""
ERROR = {name: bit for bit, name in enumerate(ERRORS)}
_LETTER = ("C", "W", "M", "T")
_DAY = 86_400
_FIRST_RECORD = 0.5  # the first record of a person has half of each rate: he was asked with care
_AT_HOME = {"web": "webshop", "app": "app", "store": "pos"}


def draw_records(scene: Scene, lo: int, hi: int) -> Records:
    """Draw the records of the persons `lo <= person < hi`, sorted by person and slot."""
    chance, section = scene.chance, scene.profile.records
    person = np.arange(lo, hi)
    count = 1 + chance.pick(section.count_weights, "record.count", person)
    parent, slot = grow(count)
    person = person[parent]
    system, again = _systems(scene, person, slot)
    since, since_at = _beginnings(scene, person, slot)
    record = person * RECORDS_A_PERSON + slot
    kinds = _errors(scene, person, record, slot) | (again.astype(np.int64) << ERROR["second_account"])
    return Records(
        record=record,
        person=person,
        system=system.astype(np.int16),
        since=since.astype(np.int32),
        since_at=since_at,
        ref=_references(record, system),
        email=_emails(scene, person, kinds),
        phone=_phones(scene, person, record, kinds),
        kinds=kinds,
    )


def first_records(scene: Scene, person: Ints) -> tuple[Ints, pa.StringArray]:
    """Give the system (code in SYSTEMS) and the reference of the first record of any persons, of other chunks too."""
    system, _ = _systems(scene, person, np.zeros_like(person))
    return system, _references(person * RECORDS_A_PERSON, system)


def has_error(records: Records, kind: str) -> NDArray[np.bool_]:
    """Tell which records have this kind of error."""
    return np.asarray((records.kinds >> ERROR[kind]) & 1, dtype=bool)


def _systems(scene: Scene, person: Ints, slot: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Choose systems: the first one suits the source, the next ones are others, or the same once more."""
    chance, section = scene.chance, scene.profile.records
    weights = np.array([section.system_weights.get(name, 0.0) for name in SYSTEMS])
    system = np.zeros(len(person), dtype=np.int64)
    again = np.zeros(len(person), dtype=bool)
    taken = np.zeros((len(person), len(SYSTEMS)), dtype=bool)
    for place in range(int(slot.max(initial=0)) + 1):
        row = np.flatnonzero(slot == place)
        open_ = np.where(taken[row - 1], 0.0, weights) if place else np.tile(weights, (len(row), 1))
        open_ = np.where(open_.sum(axis=1, keepdims=True) > 0, open_, 1.0)
        drawn = chance.pick_by_row(open_, "record.system", person[row], place)
        if place == 0:
            for source, home in _AT_HOME.items():
                came = (scene.persons.source[person[row]] == CHANNEL[source]) & (weights[SYSTEM[home]] > 0)
                drawn = np.where(came, SYSTEM[home], drawn)
        else:
            twice = chance.flag(section.second_account_share, "record.again", person[row], place)
            drawn = np.where(twice, system[row - 1], drawn)
            again[row] = taken[row - 1, drawn]
            taken[row] = taken[row - 1]
        taken[row, drawn] = True
        system[row] = drawn
    return system, again


def _beginnings(scene: Scene, person: Ints, slot: Ints) -> tuple[Ints, Ints]:
    """Open each record some time after the one before it; the first at the arrival."""
    gap = scene.profile.records.later_days * scene.chance.exponential("record.since", person, slot)
    day = scene.persons.arrived[person].astype(np.int64)
    wait = np.zeros(len(person))
    for place in range(1, int(slot.max(initial=0)) + 1):
        row = np.flatnonzero(slot == place)
        wait[row] = wait[row - 1] + gap[row]
    second = scene.persons.arrived_second[person] + np.floor((wait % 1) * 3 * 3600).astype(np.int64)
    since = day + np.floor(wait).astype(np.int64)
    return since, instants(scene.market, since, np.minimum(second, _DAY - 1))


def _errors(scene: Scene, person: Ints, record: Ints, slot: Ints) -> Ints:
    kinds = np.zeros(len(record), dtype=np.int64)
    factor = np.where(slot == 0, _FIRST_RECORD, 1.0)
    business = scene.persons.is_organisation[person]
    for name, rate in scene.profile.records.errors.model_dump().items():
        here = scene.chance.flag(rate * factor, f"record.error.{name}", record)
        if name in ("changed_email", "changed_phone"):
            here &= slot > 0  # against the first record's
        kinds |= (here & ~(business & (name == "nickname"))).astype(np.int64) << ERROR[name]
    unusual = scene.chance.flag(scene.profile.population.phone_unusual_share, "record.phone_unusual", record)
    return kinds | (unusual.astype(np.int64) << ERROR["phone_unusual"])


def _references(record: Ints, system: Ints) -> pa.StringArray:
    digits = pc.utf8_lpad(pa.array(scramble(record, 11, 32)).cast(pa.string()), 10, "0")
    return pc.binary_join_element_wise(pa.array(_LETTER).take(pa.array(system)), digits, "")


def _emails(scene: Scene, person: Ints, kinds: Ints) -> pa.StringArray:
    rows = pa.array(person)
    changed, blank = (pa.array((kinds >> ERROR[name] & 1).astype(bool)) for name in ("changed_email", "blank_email"))
    email = pc.if_else(changed, scene.persons.other_email.take(rows), scene.persons.email.take(rows))
    return pc.if_else(blank, "", email)


def _phones(scene: Scene, person: Ints, record: Ints, kinds: Ints) -> pa.StringArray:
    """Write phones in E.164 but for the unusual: with 00, with blanks, or without the country's code."""
    rows = pa.array(person)
    flags = {
        name: (kinds >> ERROR[name] & 1).astype(bool) for name in ("changed_phone", "blank_phone", "phone_unusual")
    }
    whole = pc.if_else(
        pa.array(flags["changed_phone"]), scene.persons.other_phone.take(rows), scene.persons.phone.take(rows)
    )
    way = np.where(flags["phone_unusual"], 1 + scene.chance.integers(2, "record.phone_way", record), 0)
    zeros = pc.replace_substring_regex(whole, r"^\+", "00")
    blanks = pc.replace_substring_regex(whole, r"^(\+\d\d)(\d{3})(\d{3})", r"\1 \2 \3 ")
    return pc.if_else(pa.array(flags["blank_phone"]), "", pc.choose(pa.array(way), whole, zeros, blanks))
