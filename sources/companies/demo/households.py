"""Who there is: households, names, births, addresses, e-mail and phone of every person of the world.

Belongs here: identity. Does not belong here: when they arrive (`population`), what they want (`behaviour`), how systems
misspell them (`records`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.companies.demo import names
from sources.companies.demo.addresses import addresses, reachable
from sources.companies.demo.chance import Chance
from sources.companies.demo.codes import NEVER
from sources.companies.demo.externals import day_number
from sources.companies.demo.frame import Frame
from sources.companies.demo.profile import Profile

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Columns = dict[str, Any]

_YEAR = 365.25
HEAD, PARTNER, CHILD = 0, 1, 2
_TWIN_PLACES = (2, 3)


def identities(profile: Profile, chance: Chance, frame: Frame) -> Columns:
    """Draw the identity columns of `backdrop.Persons`."""
    columns = _people(profile, chance, frame)
    columns |= addresses(profile, chance, frame)
    columns |= _marriages(profile, chance, frame, columns)
    _plant_namesakes(profile, chance, frame, columns)
    columns |= reachable(profile, chance, frame, columns)
    columns["organisation_name"] = _organisations(profile, chance, frame)
    small = {"role", "sex", "country", "language", "given", "family", "family_after_marriage"}
    small |= {"city", "street", "house", "moved_city", "moved_street", "moved_house"}
    days = {"birth", "moved_on", "married_on"}
    for name in columns:
        if name in small | days:
            columns[name] = columns[name].astype(np.int16 if name in small else np.int32)
    return columns


def _people(profile: Profile, chance: Chance, frame: Frame) -> Columns:
    section, person = profile.population, np.arange(len(frame.household))
    role = np.where(frame.place == 0, HEAD, np.where(frame.place == 1, PARTNER, CHILD))
    sex = chance.integers(2, "person.sex", person)
    sex = np.where(role == PARTNER, 1 - sex[frame.head], sex)
    namesake_son = chance.flag(section.father_and_son_share, "household.father_and_son", frame.household)
    heir = namesake_son & (frame.size >= 3) & (frame.place == 2)
    father = np.zeros(len(person), dtype=bool)
    father[frame.head[heir]] = True
    sex = np.where(father | heir, 1, np.where(father[frame.head] & (role == PARTNER), 0, sex))
    given, family = _names(chance, frame, sex)
    same = (role == CHILD) | chance.flag(section.partner_same_name_share, "person.same_name", person)
    family = np.where((frame.place > 0) & same, family[frame.head], family)
    given = np.where(heir, given[frame.head], given)
    twins = chance.flag(section.twins_share, "household.twins", frame.household) & (frame.size >= 4)
    twins &= ~father[frame.head]
    birth = _births(profile, chance, frame, role)
    second_twin = twins & (frame.place == _TWIN_PLACES[1])
    birth[second_twin] = birth[np.flatnonzero(second_twin) - 1]
    clash = second_twin & (given == np.roll(given, 1)) & (sex == np.roll(sex, 1))
    sex = np.where(clash, 1 - sex, sex)
    given = np.where(clash, _names(chance, frame, sex)[0], given)
    return {
        "household": frame.household,
        "role": role,
        "is_organisation": frame.is_organisation,
        "sex": sex,
        "country": frame.country,
        "language": frame.language,
        "given": given,
        "family": family,
        "birth": birth,
        "is_twin": twins & np.isin(frame.place, _TWIN_PLACES),
        "is_heir": heir,
    }


def _names(chance: Chance, frame: Frame, sex: Ints) -> tuple[Ints, Ints]:
    person = np.arange(len(sex))
    first, last = chance.uniform("person.given", person), chance.uniform("person.family", person)
    given, family = np.zeros(len(sex), dtype=np.int64), np.zeros(len(sex), dtype=np.int64)
    for code, language in enumerate(names.LANGUAGES):
        spoken = frame.language == code
        family[spoken] = names.family().draw((language,), last[spoken])
        for number, letter in enumerate("fm"):
            chosen = spoken & (sex == number)
            given[chosen] = names.given().draw((language, letter), first[chosen])
    return given, family


def _births(profile: Profile, chance: Chance, frame: Frame, role: Ints) -> Ints:
    section, person = profile.population, np.arange(len(role))
    start = day_number(profile.start)
    youngest, oldest = section.head_age
    parents = np.maximum(youngest, section.youngest_age + section.child_age_gap[0])
    low = np.where(frame.size >= 3, parents, youngest)
    head_age = low + (np.maximum(oldest, low) - low) * chance.uniform("person.age", frame.head) ** 1.3
    gap_low, gap_high = section.child_age_gap
    gap = gap_low + (gap_high - gap_low) * chance.uniform("person.child_age", person)
    age = np.where(role == PARTNER, head_age + 4 * chance.normal("person.partner_age", person), head_age)
    age = np.where(role == CHILD, head_age - gap, age)
    spread = _YEAR * chance.uniform("person.birthday", person)  # not two on one day by rule
    return np.asarray(start - np.maximum(age, section.youngest_age) * _YEAR - spread, dtype=np.int64)


def _marriages(profile: Profile, chance: Chance, frame: Frame, columns: Columns) -> Columns:
    """Let single women (no partner in the household) marry and take another family name."""
    person = np.arange(len(frame.household))
    alone = (columns["sex"] == 0) & ((columns["role"] == CHILD) | (frame.size == 1)) & ~frame.is_organisation
    rate = profile.population.married_per_year
    years = (profile.horizon + 1) / _YEAR
    marries = alone & chance.flag(1 - (1 - rate) ** years if rate < 1 else 1.0, "person.marries", person)
    uniform = chance.uniform("person.married_name", person)
    after = np.full(len(person), -1)
    for code, language in enumerate(names.LANGUAGES):
        chosen = marries & (frame.language == code)
        after[chosen] = names.family().draw((language,), uniform[chosen])
    day = chance.integers(profile.horizon, "person.married_on", person)
    return {"family_after_marriage": after, "married_on": np.where(marries, day, NEVER)}


def _plant_namesakes(profile: Profile, chance: Chance, frame: Frame, columns: Columns) -> None:
    """Give some heads and single persons the full name of somebody elsewhere."""
    person = np.arange(len(frame.household))
    fits = (frame.size == 1) & ~frame.is_organisation
    wanted = profile.population.namesakes_share * len(person) / max(1, int(fits.sum()))
    copies = fits & chance.flag(min(1.0, wanted), "person.namesake", person)
    other = chance.integers(len(person), "person.namesake_of", person)
    copies &= (columns["sex"][other] == columns["sex"]) & (other != person) & ~copies[other]
    given, family = columns["given"][other], columns["family"][other]
    columns["given"] = np.where(copies, given, columns["given"])
    columns["family"] = np.where(copies, family, columns["family"])
    columns["namesake_of"] = np.where(copies, other, -1)


def _organisations(profile: Profile, chance: Chance, frame: Frame) -> pa.StringArray:
    person = np.arange(len(frame.household))
    first, second, form = names.organisation_parts()
    forms = pa.array([form[code] for code in profile.population.countries])
    words = [
        pa.array(first).take(pa.array(chance.integers(len(first), "organisation.first", person))),
        pa.array(second).take(pa.array(chance.integers(len(second), "organisation.second", person))),
        names.family().words.take(pa.array(chance.integers(len(names.family().words), "organisation.name", person))),
        forms.take(pa.array(frame.country)),
    ]
    return pc.if_else(pa.array(frame.is_organisation), pc.binary_join_element_wise(*words, " "), "")
