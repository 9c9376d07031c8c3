"""Rows of the `customers` feed: each record as first written down, and again whenever it was changed.

Belongs here: versions of records and how their columns are spelt. Does not belong here: which records there are
(`records`), the company's own lists (`lists`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.companies.demo import misspelling, names
from sources.companies.demo.chance import scramble
from sources.companies.demo.codes import CHANNELS, SYSTEM, SYSTEMS, Ints
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.model import Records
from sources.companies.demo.records import has_error
from sources.companies.demo.rows import label, take_or_null
from sources.companies.demo.scene import Scene
from sources.companies.demo.versions import DELETED, MARRIED, MOVED, TOUCHED, versions

Flags = NDArray[np.bool_]

_INTERESTS = 2


def customers(scene: Scene, records: Records) -> pa.Table:
    """Make the feed's rows, by record and time; a day-one customer's record reaches the landing folder on day 0."""
    row, day, at, state = versions(scene, records)
    columns = _names(scene, records, row, state[MARRIED]) | _birth(scene, records, row)
    columns |= _address(scene, records, row, state[MOVED]) | _reach(records, row) | _registration(scene, records, row)
    blank = pc.equal(columns["organisation_name"], "")
    columns["organisation_name"] = pc.if_else(blank, pa.scalar(None, pa.string()), columns["organisation_name"])
    return feed_table(
        "customers",
        np.maximum(day, 0),
        source_system=label(SYSTEMS, records.system[row]),
        customer_ref=records.ref.take(pa.array(row)),
        updated_at=at,
        is_deleted=state[DELETED],
        attributes=_attributes(scene, records, row, state[TOUCHED]),
        **columns,
    )


def _names(scene: Scene, records: Records, row: Ints, married: Ints) -> dict[str, pa.Array]:
    """Spell the names: one spelling a record, so that a version differs only by what has changed."""
    persons, chance = scene.persons, scene.chance
    person, record = records.person[row], records.record[row]
    error = {
        kind: has_error(records, kind)[row]
        for kind in ("nickname", "missing_accent", "initial_only", "typo", "transposed")
    }
    since_marriage = records.since[row] >= persons.married_on[person]
    new_name = ((married > 0) | since_marriage) & (persons.family_after_marriage[person] >= 0)
    family_code = np.where(new_name, persons.family_after_marriage[person], persons.family[person])
    given_code = pa.array(persons.given[person])
    given = pc.if_else(
        pa.array(error["nickname"]), names.short_forms().take(given_code), names.given().words.take(given_code)
    )
    family = names.family().words.take(pa.array(family_code))
    given, family = (misspelling.without_accents(text, error["missing_accent"]) for text in (given, family))
    in_family = chance.flag(0.5, "record.error_in_family", record)
    place = chance.uniform("record.error_place", record)
    for kind, change in (("typo", misspelling.with_typo), ("transposed", misspelling.with_swap)):
        family = change(family, error[kind] & in_family, place)
        given = change(given, error[kind] & ~in_family, place)
    given = misspelling.initials(given, error["initial_only"])
    full = pc.binary_join_element_wise(given, family, " ")
    till = pa.array(records.system[row] == SYSTEM["pos"])
    nothing = pa.scalar(None, pa.string())
    business = pa.array(persons.is_organisation[person])
    return {
        "party_type": pc.if_else(business, "organisation", "person"),
        "full_name": full,
        "given_name": pc.if_else(till, nothing, given),
        "family_name": pc.if_else(till, nothing, family),
        "organisation_name": persons.organisation_name.take(pa.array(person)),
    }


def _birth(scene: Scene, records: Records, row: Ints) -> dict[str, pa.Array]:
    person, record = records.person[row], records.record[row]
    birth = scene.persons.birth[person].astype(np.int64)
    birth = misspelling.swapped_day_month(birth, has_error(records, "swapped_day_month")[row])
    years = scene.chance.uniform("record.wrong_year", record)
    birth = misspelling.wrong_year(birth, has_error(records, "wrong_year")[row], years)
    business = scene.persons.is_organisation[person]
    missing = has_error(records, "blank_birth_date")[row] | business
    coded = scene.chance.flag(scene.profile.records.tax_code_share, "record.tax_code", record)
    coded = (coded & (records.system[row] == SYSTEM["crm"])) | business
    digits = pc.utf8_lpad(pa.array(scramble(person, 13, 34)).cast(pa.string()), 11, "0")
    return {
        "birth_date": pa.array(birth.astype(np.int32), mask=missing).cast(pa.date32()),
        "gender": pc.if_else(
            pa.array(business), pa.scalar(None, pa.string()), label(("female", "male"), scene.persons.sex[person])
        ),
        "tax_code": pc.if_else(pa.array(coded), digits, pa.scalar(None, pa.string())),
    }


def _address(scene: Scene, records: Records, row: Ints, moved: Ints) -> dict[str, pa.Array]:
    persons, cities = scene.persons, names.cities()
    person = records.person[row]
    new = (moved > 0) | (records.since[row] >= persons.moved_on[person])
    city, street, house = (
        np.where(new, getattr(persons, f"moved_{part}")[person], getattr(persons, part)[person])
        for part in ("city", "street", "house")
    )
    blank = has_error(records, "blank_address")[row]
    whole = pc.binary_join_element_wise(
        names.streets().words.take(pa.array(street)), pa.array(house).cast(pa.string()), " "
    )
    return {
        "street": take_or_null(whole, np.arange(len(row)), ~blank),
        "city": take_or_null(cities.name, city, ~blank),
        "region": take_or_null(cities.region, city, ~blank),
        "postcode": take_or_null(postcodes(), city * POSTCODES + street % POSTCODES, ~blank),
        "country": label(list(scene.profile.population.countries), persons.country[person]),
        "language": label(names.LANGUAGES, persons.language[person]),
        "time_zone": label([c.time_zone for c in scene.profile.population.countries.values()], persons.country[person]),
    }


POSTCODES = 12
"""Postcodes a city; a street has the one of its code modulo this."""


def postcodes() -> pa.StringArray:
    """List all postcodes: row = city x POSTCODES + number."""
    cities = names.cities()
    width = {"IT": 5, "DE": 5, "FR": 5, "CH": 4}
    texts = []
    for country, start in zip(cities.country, cities.postcode, strict=True):
        for number in range(POSTCODES):
            spare = width.get(country, 0) - len(start)
            texts.append(
                f"{start} {number % 9 + 1}{'ABDEFGHJLN'[number % 10]}{'ABDEF'[number % 5]}"
                if spare <= 0
                else f"{start}{number:0{spare}d}"
            )
    return pa.array(texts, pa.string())


def _reach(records: Records, row: Ints) -> dict[str, pa.Array]:
    nothing = pa.scalar(None, pa.string())
    taken = {"email": records.email.take(pa.array(row)), "phone": records.phone.take(pa.array(row))}
    return {name: pc.if_else(pc.equal(text, ""), nothing, text) for name, text in taken.items()}


def _registration(scene: Scene, records: Records, row: Ints) -> dict[str, object]:
    persons, person = scene.persons, records.person[row]
    first = records.record[row] % 8 == 0
    return {
        "registered_at": records.since_at[row],
        "acquisition_channel": label(CHANNELS, np.where(first, persons.source[person], -1)),
        "acquisition_partner_ref": take_or_null(scene.places.partner_ref, persons.source_partner[person], first),
        "acquisition_campaign_ref": take_or_null(scene.campaigns.ref, persons.source_campaign[person], first),
        "interests": _interests(scene, records, row),
    }


def _interests(scene: Scene, records: Records, row: Ints) -> pa.ListArray:
    """Name the categories that the person likes best, in a share of the records."""
    told = scene.chance.flag(scene.profile.records.interests_share, "record.interests", records.record[row])
    best = np.argsort(-scene.persons.taste[records.person[row]], axis=1, kind="stable")[:, :_INTERESTS]
    sizes = np.where(told, best.shape[1], 0)
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    categories = label(list(scene.profile.catalogue.categories), best[told].ravel())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), categories, mask=pa.array(~told))


def _attributes(scene: Scene, records: Records, row: Ints, touched: Ints) -> pa.StringArray:
    """Write what has no column of its own as JSON: confirmed addresses and how often news are wanted."""
    section, record = scene.profile.records, records.record[row]
    options = []
    for sure_email in ("false", "true"):
        for sure_phone in ("false", "true"):
            options += [
                f'{{"email_verified":{sure_email},"phone_verified":{sure_phone},"news":"{news}"}}'
                for news in ("weekly", "monthly", "never")
            ]
    email = scene.chance.flag(section.email_verified_share, "record.email_verified", record)
    phone = scene.chance.flag(section.phone_verified_share, "record.phone_verified", record)
    often = (scene.chance.integers(3, "record.news", record) + touched) % 3
    return label(options, email * 6 + phone * 3 + often)
