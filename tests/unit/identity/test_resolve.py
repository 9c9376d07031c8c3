from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from dagster_project.identity import resolve
from dagster_project.identity.rules import ExactRules
from tests.unit.identity.registry import Registry

MARIO = {"given_name": "Mario", "family_name": "Rossi", "birth_date": "1970-05-17", "gender": "male"}
ANNA = {"given_name": "Anna", "family_name": "Rossi", "birth_date": "1972-11-02", "gender": "female"}
SHARED = {"email": "rossi@example.org", "phone": "+39 06 5550 1234"}


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_a_reference_seen_only_in_facts_is_a_customer(registry: Registry) -> None:
    registry.add("order_lines", source_system="pos", order_ref="o1", customer_ref="9")
    registry.add("loyalty_entries", customer_ref="1", referred_customer_ref="2")
    report = resolve(registry.connection)
    assert report.records == report.customers == 3
    assert set(registry.believed()) == {("pos", "9"), ("crm", "1"), ("crm", "2")}
    assert all(customer > 0 for customer in registry.believed().values())


def test_the_same_number_in_two_systems_is_two_customers(registry: Registry) -> None:
    registry.person("1")
    registry.person("1", "pos")
    resolve(registry.connection)
    assert not registry.same(("crm", "1"), ("pos", "1"))


def test_a_verified_email_joins_records_however_it_is_written(registry: Registry) -> None:
    registry.person("1", email="Mario.Rossi@Example.org ", **MARIO)
    registry.person("2", "webshop", email="mario.rossi@example.org")
    report = resolve(registry.connection)
    assert registry.same(("crm", "1"), ("webshop", "2"))
    assert report.links == {"email": 1}


@pytest.mark.parametrize("email", ["none", "mario@", "@example.org", "mario@example", "a b@example.org", ""])
def test_a_malformed_email_joins_nobody(registry: Registry, email: str) -> None:
    registry.person("1", email=email)
    registry.person("2", "webshop", email=email)
    assert resolve(registry.connection).customers == 2


def test_a_family_email_makes_a_household_not_a_person(registry: Registry) -> None:
    registry.person("1", **MARIO, **SHARED)
    registry.person("2", **ANNA, **SHARED)
    registry.person("3", "pos", email=SHARED["email"])
    report = resolve(registry.connection)
    assert report.customers == 3
    assert report.shared == {"email": 1}
    assert registry.believed("email") == {}


def test_those_of_a_family_who_agree_on_name_and_birth_are_joined(registry: Registry) -> None:
    registry.person("1", **MARIO, **SHARED)
    registry.person("2", **ANNA, **SHARED)
    registry.person("3", "webshop", **ANNA, email=SHARED["email"])
    assert resolve(registry.connection).customers == 2
    assert registry.same(("crm", "2"), ("webshop", "3"))


@pytest.mark.parametrize(
    "other",
    [
        {"given_name": "Maria"},  # twin or sister: the ending tells
        {"given_name": "Marco"},
        {"birth_date": "2001-05-17"},  # father and son of one name
        {"gender": "female"},
        {"party_type": "organisation"},
        {"tax_code": "RSSMRA99A01H501Z"},
    ],
)
def test_holders_of_one_email_who_contradict_each_other_stay_apart(
    registry: Registry, other: dict[str, object]
) -> None:
    registry.person("1", **MARIO, email=SHARED["email"], tax_code="RSSMRA70E17H501X")
    registry.person("2", "webshop", **(MARIO | other), email=SHARED["email"])
    resolve(registry.connection)
    assert not registry.same(("crm", "1"), ("webshop", "2"))


@pytest.mark.parametrize(
    "other",
    [
        {"given_name": "M."},
        {"given_name": "Màrio"},
        {"given_name": "Maario"},
        {"given_name": None},
        {"birth_date": "1970-05-18"},
        {"birth_date": None},
        {"gender": None, "birth_date": None, "given_name": None, "family_name": None, "full_name": "Rossi, Mario"},
    ],
)
def test_a_slip_of_the_pen_is_no_contradiction(registry: Registry, other: dict[str, object]) -> None:
    registry.person("1", **MARIO, email=SHARED["email"])
    registry.person("2", "webshop", **(MARIO | other), email=SHARED["email"])
    resolve(registry.connection)
    assert registry.same(("crm", "1"), ("webshop", "2"))


def test_swapped_day_and_month_are_no_contradiction(registry: Registry) -> None:
    registry.person("1", **(MARIO | {"birth_date": "1970-05-11"}), email=SHARED["email"])
    registry.person("2", "webshop", **(MARIO | {"birth_date": "1970-11-05"}), email=SHARED["email"])
    resolve(registry.connection)
    assert registry.same(("crm", "1"), ("webshop", "2"))


def test_a_phone_joins_only_with_the_same_birth_date(registry: Registry) -> None:
    registry.person("1", phone="+39 333 123 4567", birth_date="1970-05-17")
    registry.person("2", "pos", phone="333-1234567", birth_date="1970-05-17")
    registry.person("3", "app", phone="0039 3331234567")
    report = resolve(registry.connection)
    assert registry.same(("crm", "1"), ("pos", "2"))
    assert not registry.same(("crm", "1"), ("app", "3"))
    assert report.links == {"phone_and_birth_date": 1}


def test_twins_share_phone_and_birth_date_and_stay_two(registry: Registry) -> None:
    registry.person("1", **MARIO, phone=SHARED["phone"])
    registry.person("2", **(MARIO | {"given_name": "Luca"}), phone=SHARED["phone"])
    assert resolve(registry.connection).customers == 2


def test_an_email_of_too_many_records_identifies_nobody(registry: Registry) -> None:
    for ref in range(9):
        registry.person(str(ref), email="till@example.org")
    report = resolve(registry.connection, edge_sources=[ExactRules(max_holders=8)])
    assert report.customers == 9
    assert report.overused == {"email": 1}


def test_a_chain_does_not_join_two_who_contradict_each_other(registry: Registry) -> None:
    registry.person("1", **MARIO, email="mario@example.org")
    registry.person("2", "pos", email="mario@example.org", phone="+393331234567", birth_date=None)
    registry.person("3", "app", **ANNA, email="anna@example.org")
    registry.change("2", "pos", email="mario@example.org")
    registry.person("4", "webshop", email="anna@example.org", birth_date="1980-01-01", phone="+393331234567")
    resolve(registry.connection)
    assert not registry.same(("crm", "1"), ("app", "3"))


def test_a_contested_chain_keeps_its_strict_links_only(registry: Registry) -> None:
    blank = {"phone": "+393331234567", "birth_date": "1970-05-17"}
    registry.person("1", **MARIO, email="one@example.org")
    registry.person("2", "pos", **blank, email="one@example.org")
    registry.person("3", "app", **blank, given_name="Luca", email="two@example.org")
    registry.person("4", "webshop", given_name="Luca", birth_date="1970-05-17", email="two@example.org")
    report = resolve(registry.connection)
    assert report.contested == 1
    assert not registry.same(("crm", "1"), ("app", "3"))
    assert registry.same(("app", "3"), ("webshop", "4"))


def test_a_reference_without_system_belongs_to_the_only_one_that_has_it(registry: Registry) -> None:
    registry.person("1")
    registry.person("2")
    registry.person("2", "pos")
    registry.add("contacts", source_system="", customer_ref="1")
    registry.add("contacts", source_system="", customer_ref="2")
    resolve(registry.connection)
    assert registry.same(("", "1"), ("crm", "1"))
    assert len(set(registry.believed().values())) == 4
    rules = registry.connection.execute(
        "select rule from intermediate.identity_ledger where source_system = '' and identifier = '1'"
    ).fetchall()
    assert rules == [("ref_without_system",)]


def test_on_a_merge_the_older_number_survives_and_on_a_split_it_goes_back(registry: Registry) -> None:
    registry.person("1", registered_at="2024-01-01 00:00:00+00")
    registry.person("2", "webshop", registered_at="2025-01-01 00:00:00+00")
    resolve(registry.connection, believed_at=datetime(2026, 1, 1, tzinfo=UTC))
    apart = registry.believed()
    registry.change("1", email="m@example.org")
    registry.change("2", "webshop", email="m@example.org")
    report = resolve(registry.connection, believed_at=datetime(2026, 1, 2, tzinfo=UTC))
    assert set(registry.believed().values()) == {apart["crm", "1"]}
    assert (report.opened, report.closed, report.unchanged) == (2, 1, 1)
    registry.change("2", "webshop", email=None)
    resolve(registry.connection, believed_at=datetime(2026, 1, 3, tzinfo=UTC))
    assert registry.believed() == apart
    history = registry.connection.execute(
        "select believed_from::date::text, believed_to::date::text from intermediate.identity_ledger "
        "where identifier = '2' and identifier_kind = 'record' order by 1"
    ).fetchall()
    assert history == [("2026-01-01", "2026-01-02"), ("2026-01-02", "2026-01-03"), ("2026-01-03", None)]


def test_a_second_run_changes_nothing(registry: Registry) -> None:
    registry.person("1", **MARIO, **SHARED)
    registry.add("web_events", source_system="", customer_ref="1", visitor_ref="v1", event_type="login")
    registry.add("social_accounts", handle="mario", customer_ref="1")
    resolve(registry.connection)
    before = registry.ledger()
    report = resolve(registry.connection)
    assert registry.ledger() == before
    assert (report.opened, report.closed) == (0, 0)


def test_numbers_depend_neither_on_order_nor_on_earlier_runs() -> None:
    people = [(str(ref), ref % 3) for ref in range(60)]

    def registry_of(order: list[tuple[str, int]]) -> Registry:
        made = Registry()
        for ref, family in order:
            made.person(ref, "crm" if family else "pos", email=f"{int(ref) // 2}@example.org")
        return made

    straight, shuffled, grown = registry_of(people), registry_of(random.Random(7).sample(people, 60)), registry_of([])
    for start in range(0, 60, 20):
        for ref, family in reversed(people[start : start + 20]):
            grown.person(ref, "crm" if family else "pos", email=f"{int(ref) // 2}@example.org")
        resolve(grown.connection)
    resolve(straight.connection)
    resolve(shuffled.connection)
    assert len(set(straight.believed().values())) == 30
    assert straight.believed() == shuffled.believed() == grown.believed()


def test_an_empty_company_has_an_empty_ledger(registry: Registry) -> None:
    report = resolve(registry.connection)
    assert (report.records, report.customers) == (0, 0)
    assert registry.ledger() == []
