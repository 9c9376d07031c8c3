"""Who there is: households, names, births, addresses, e-mail and phone of every person of the world.

Belongs here: identity. Does not belong here: when they arrive (`population`), what they want (`behaviour`), how systems
misspell them (`records`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.companies.demo import names
from sources.companies.demo.chance import Chance, scramble
from sources.companies.demo.externals import day_number
from sources.companies.demo.model import NEVER
from sources.companies.demo.profile import Profile

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Columns = dict[str, Any]

_YEAR = 365.25
HEAD, PARTNER, CHILD = 0, 1, 2
_TWIN_PLACES = (2, 3)
_MOBILE = {"IT": ("3", 9), "GB": ("7", 9), "CH": ("7", 8), "DE": ("15", 9), "FR": ("6", 8)}
_PHONE_BITS = 26


@dataclass(frozen=True)
class Frame:
    """Which household each person belongs to, at which place, and of what kind it is."""

    household: Ints
    place: Ints
    size: Ints
    is_organisation: Flags
    head: Ints
    country: Ints
    language: Ints


def draw_frame(profile: Profile, chance: Chance, persons: int) -> Frame:
    """Fill households of drawn sizes until all persons have one; members are neighbours."""
    section = profile.population
    numbers = np.arange(persons)  # one household a person is enough
    business = chance.flag(section.organisation_share, "household.organisation", numbers)
    size = np.where(business, 1, 1 + chance.pick(section.household_sizes, "household.size", numbers))
    count = int(np.searchsorted(np.cumsum(size), persons)) + 1
    household = np.repeat(numbers[:count], size[:count])[:persons]
    first = np.concatenate(([0], np.cumsum(size[:count])[:-1]))
    head = first[household]
    size = np.minimum(size[household], persons - head)
    shares = [c.share for c in section.countries.values()]
    country = chance.pick(shares, "household.country", numbers[:count])
    language = np.zeros(count, dtype=np.int64)
    for code, spoken in enumerate(c.languages for c in section.countries.values()):
        codes = np.array([names.LANGUAGES.index(name) for name in spoken])
        own = country == code
        language[own] = codes[chance.pick(list(spoken.values()), "household.language", np.flatnonzero(own))]
    return Frame(household, numbers - head, size, business[household], head, country[household], language[household])


def identities(profile: Profile, chance: Chance, frame: Frame) -> Columns:
    """Draw the identity columns of `model.Persons`."""
    columns = _people(profile, chance, frame)
    columns |= _addresses(profile, chance, frame)
    columns |= _marriages(profile, chance, frame, columns)
    _plant_namesakes(profile, chance, frame, columns)
    columns |= _reachable(profile, chance, frame, columns)
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


def _addresses(profile: Profile, chance: Chance, frame: Frame) -> Columns:
    columns: Columns = {}
    for prefix in ("", "moved_"):
        city, street, house = _address(profile, chance, frame, f"household.{prefix}address")
        columns |= {f"{prefix}city": city, f"{prefix}street": street, f"{prefix}house": house}
    years = (profile.horizon + 1) / _YEAR
    rate = profile.population.moved_per_year
    moves = chance.flag(1 - (1 - rate) ** years if rate < 1 else 1.0, "household.moves", frame.household)
    day = chance.integers(profile.horizon, "household.moved_on", frame.household)
    columns["moved_on"] = np.where(moves, day, NEVER)
    return columns


def _address(profile: Profile, chance: Chance, frame: Frame, purpose: str) -> tuple[Ints, Ints, Ints]:
    cities, codes = names.cities(), list(profile.population.countries)
    city, street = np.zeros(len(frame.household), dtype=np.int64), np.zeros(len(frame.household), dtype=np.int64)
    where, which = chance.uniform(f"{purpose}.city", frame.household), chance.uniform(f"{purpose}.st", frame.household)
    for number, code in enumerate(codes):
        lives = frame.country == number
        rows = np.flatnonzero(np.array(cities.country) == code)
        steps = np.cumsum(cities.weight[rows])
        found = np.minimum(np.searchsorted(steps, where[lives] * steps[-1], side="right"), len(rows) - 1)
        city[lives] = rows[found]
        for language in range(len(names.LANGUAGES)):
            chosen = lives & (frame.language == language)
            local = names.LANGUAGES[language] if code == "CH" else names.COUNTRY_LANGUAGE[code]
            street[chosen] = names.streets().draw((local if local != "es" else "de",), which[chosen])
    return city, street, 1 + chance.integers(180, f"{purpose}.house", frame.household)


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


def _reachable(profile: Profile, chance: Chance, frame: Frame, columns: Columns) -> Columns:
    person, section = np.arange(len(frame.household)), profile.population
    emails = _emails(chance, frame, columns)
    phones = [_phones(profile, frame, person * 2 + which) for which in (0, 1)]
    not_head = frame.place > 0
    shares_email = not_head & chance.flag(section.shares_email_share, "person.shares_email", person)
    shares_phone = not_head & chance.flag(section.shares_phone_share, "person.shares_phone", person)
    return {
        "email": emails[0].take(pa.array(np.where(shares_email, frame.head, person))),
        "other_email": emails[1],
        "phone": phones[0].take(pa.array(np.where(shares_phone, frame.head, person))),
        "other_phone": phones[1],
        "shares_email": shares_email,
        "shares_phone": shares_phone,
    }


def _emails(chance: Chance, frame: Frame, columns: Columns) -> list[pa.StringArray]:
    """Make two addresses a person, each unlike any other in the world: equal ones get a number."""
    given, family = (_plain(names.given().words), _plain(names.family().words))
    person = np.arange(len(frame.household))
    domains, weights = names.domains()
    locals_, hosts = [], []
    year = 1970 + columns["birth"] / _YEAR
    digits = pc.utf8_lpad(pa.array(np.floor(year).astype(np.int64) % 100).cast(pa.string()), 2, "0")
    for which in (0, 1):
        first, last = given.take(pa.array(columns["given"])), family.take(pa.array(columns["family"]))
        initial = pc.utf8_slice_codeunits(first, 0, 1)
        shapes = [
            pc.binary_join_element_wise(first, last, "."),
            pc.binary_join_element_wise(initial, last, ""),
            pc.binary_join_element_wise(last, initial, "."),
            pc.binary_join_element_wise(pc.binary_join_element_wise(first, last, "_"), digits, ""),
            pc.binary_join_element_wise(first, last, digits, ""),
        ]
        kind = chance.pick([4, 2, 1, 2, 2], "person.email_kind", person, which)
        locals_.append(pc.choose(pa.array(kind), *shapes))
        hosts.append(pa.array(domains).take(pa.array(chance.pick(weights, "person.email_domain", person, which))))
    local, host = pa.concat_arrays(locals_), pa.concat_arrays(hosts)
    rank = _rank_among_equals(pc.binary_join_element_wise(local, host, "@"))
    number = pc.if_else(pa.array(rank == 0), "", pa.array(rank + 1).cast(pa.string()))
    whole = pc.binary_join_element_wise(pc.binary_join_element_wise(local, number, ""), host, "@")
    return [whole[: len(person)], whole[len(person) :]]


def _rank_among_equals(texts: pa.StringArray) -> Ints:
    codes = np.asarray(texts.dictionary_encode().indices)
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    rank = np.empty(len(codes), dtype=np.int64)
    rank[order] = np.arange(len(codes)) - np.repeat(starts, np.diff(np.append(starts, len(codes))))
    return rank


def _plain(words: pa.StringArray) -> pa.StringArray:
    """Lower the letters and drop accents, blanks and apostrophes."""
    bare = pc.replace_substring_regex(pc.utf8_normalize(words, "NFD"), r"\p{Mn}", "")
    return pc.replace_substring_regex(pc.replace_substring(pc.utf8_lower(bare), "ß", "ss"), "[^a-z]", "")


def _phones(profile: Profile, frame: Frame, number: Ints) -> pa.StringArray:
    digits = pa.array(scramble(number, 7, _PHONE_BITS)).cast(pa.string())
    shapes = []
    for code in profile.population.countries:
        lead, width = _MOBILE[code]
        start = f"+{names.dialling()[code]}{lead}"
        shapes.append(pc.binary_join_element_wise(start, pc.utf8_lpad(digits, width, "0"), ""))
    return pc.choose(pa.array(frame.country), *shapes)


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
