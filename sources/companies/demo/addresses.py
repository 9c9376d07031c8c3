"""How persons are reached: street addresses of households, e-mail addresses and phones of persons.

Belongs here: addresses of every kind, each unlike any other in the world unless it is shared. Does not belong here: how
systems misspell them (`records`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.companies.demo import names
from sources.companies.demo.chance import Chance, scramble
from sources.companies.demo.codes import NEVER
from sources.companies.demo.frame import Frame
from sources.companies.demo.profile import Profile

Ints = NDArray[np.int64]
Columns = dict[str, Any]

_YEAR = 365.25
_MOBILE = {"IT": ("3", 9), "GB": ("7", 9), "CH": ("7", 8), "DE": ("15", 9), "FR": ("6", 8)}
_PHONE_BITS = 26


def addresses(profile: Profile, chance: Chance, frame: Frame) -> Columns:
    """Draw where households live, and where they will live from the day on which they move."""
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


def reachable(profile: Profile, chance: Chance, frame: Frame, columns: Columns) -> Columns:
    """Draw e-mail addresses and phones of persons, given their names and births."""
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
