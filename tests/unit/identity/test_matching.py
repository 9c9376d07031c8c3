from __future__ import annotations

import pytest

from dagster_project.identity import resolve, scorer
from dagster_project.identity.matching import ProbabilisticMatching
from dagster_project.identity.rules import ExactRules
from tests.unit.identity.registry import Registry

GIVEN = ("Anna", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Giulia", "Henning", "Ilaria", "Jürgen", "Katrin", "Luca")
FAMILY = ("Rossi", "Bianchi", "Schneider", "Moretti", "Weber", "Ferrari", "Colombo", "Krüger", "Ricci", "Neumann")
STREETS = ("Via Roma", "Bahnhofstraße", "Via Dante", "Corso Italia", "Hauptstraße", "Via Verdi", "Poststraße")


def _person(number: int) -> dict[str, object]:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number * 7 % len(FAMILY)]
    return {
        "given_name": given,
        "family_name": family,
        "birth_date": f"{1940 + number * 13 % 60}-{1 + number * 5 % 12:02}-{1 + number * 11 % 28:02}",
        "street": f"{STREETS[number % len(STREETS)]} {1 + number * 17 % 150}",
        "postcode": f"{10000 + number * 389 % 9000}",
        "city": "Torino",
    }


@pytest.fixture
def registry() -> Registry:
    """Twenty persons with one record each, and ten of them with a second one that has slips."""
    made = Registry()
    for number in range(20):
        made.person(f"a{number}", **_person(number))
    return made


def test_a_company_of_thirty_records_is_matched(registry: Registry) -> None:
    for number in range(10):
        person = _person(number)
        slip = [
            {"family_name": f"{person['family_name']}i"},
            {"postcode": None},
            {"street": None},
            {"given_name": str(person["given_name"])[0] + "."},
        ][number % 4]
        registry.person(f"b{number}", "webshop", **(person | slip))
    report = resolve(registry.connection)
    assert report.customers == 20
    assert all(registry.same(("crm", f"a{number}"), ("webshop", f"b{number}")) for number in range(10))
    assert 0 < report.blocks["person"] <= 30 * 29 / 2
    assert "pairs compared" in report.summary()


def test_letters_of_another_script_are_compared_in_latin(registry: Registry) -> None:
    person = _person(3) | {"given_name": "Дмитрий", "family_name": "Соколов"}
    registry.person("latin", **(person | {"given_name": "Dmitriy", "family_name": "Sokolov"}))
    registry.person("cyrillic", "webshop", **person)
    resolve(registry.connection)
    assert registry.same(("crm", "latin"), ("webshop", "cyrillic"))


def test_an_organisation_is_matched_by_its_own_model(registry: Registry) -> None:
    for number in range(12):
        firm = {"party_type": "organisation", "organisation_name": f"{FAMILY[number % 10]} {STREETS[number % 7]} Srl"}
        place = {"street": f"Via Po {number}", "postcode": f"1{number:04}", "city": "Torino"}
        registry.person(f"f{number}", **firm, **place, tax_code=f"IT{number:09}")
        if number < 6:
            registry.person(f"g{number}", "webshop", **firm, **place)
    report = resolve(registry.connection)
    assert set(report.blocks) == {"person", "organisation"}
    assert all(registry.same(("crm", f"f{number}"), ("webshop", f"g{number}")) for number in range(6))
    assert report.customers == 32


@pytest.mark.parametrize("known", [(), ("email",), ("given_name", "family_name"), ("email", "phone")], ids="+".join)
def test_without_names_and_something_beside_nothing_is_modelled(
    monkeypatch: pytest.MonkeyPatch, known: tuple[str, ...]
) -> None:
    monkeypatch.setattr(scorer, "score", lambda *_: pytest.fail("Splink was asked"))
    registry = Registry()
    for number in range(30):
        full = _person(number) | {"email": f"{number % 20}@example.org", "phone": f"+39011{number % 20:07}"}
        registry.person(str(number), "crm" if number < 20 else "pos", **{column: full[column] for column in known})
    report = resolve(registry.connection)
    assert report.blocks == {}
    assert report.customers == (20 if "email" in known else 30)


def test_the_result_is_the_same_whatever_the_order_of_the_records() -> None:
    def believed(order: range) -> dict[tuple[str, str], int]:
        made = Registry()
        for number in order:
            made.person(f"a{number}", **_person(number))
            made.person(f"b{number}", "webshop", **(_person(number) | {"given_name": "X."}))
        resolve(made.connection)
        return made.believed()

    assert believed(range(15)) == believed(range(14, -1, -1))


def test_the_threads_decide_nothing() -> None:
    learned = []
    for threads in (1, 4, 4):
        made = Registry()
        for number in range(400):
            made.person(f"a{number}", **_person(number))
            if number % 3 == 0:
                made.person(f"b{number}", "webshop", **(_person(number) | {"postcode": None}))
        made.connection.execute(f"set threads = {threads}")
        matching = ProbabilisticMatching()
        resolve(made.connection, edge_sources=(ExactRules(), matching))
        probabilities = made.connection.execute(
            "select identifier, customer_id, rule, probability from intermediate.identity_ledger order by all"
        ).fetchall()
        learned.append((matching.models, probabilities))
    assert learned[0][0]
    assert learned[1:] == learned[:1] * 2
