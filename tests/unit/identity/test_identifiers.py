from __future__ import annotations

import pytest

from dagster_project.identity import resolve
from tests.unit.identity.registry import Registry


@pytest.fixture
def registry() -> Registry:
    made = Registry()
    made.person("1", email="mario@example.org", phone="333 123 4567", given_name="Mario")
    made.person("2", email="anna@example.org", phone="06 5550 1234", given_name="Anna")
    return made


def test_a_login_gives_the_visitor_to_the_customer(registry: Registry) -> None:
    registry.add("web_events", visitor_ref="v1", event_type="page_view")
    registry.add("web_events", visitor_ref="v1", customer_ref="1", event_type="login")
    registry.add("web_events", visitor_ref="v2", event_type="page_view")
    resolve(registry.connection)
    assert registry.believed("visitor") == {("", "v1"): registry.believed()["crm", "1"]}


def test_a_device_on_which_two_log_in_keeps_its_history_to_itself(registry: Registry) -> None:
    for ref in ("1", "2"):
        registry.add("web_events", visitor_ref="v1", customer_ref=ref, event_type="login")
    report = resolve(registry.connection)
    assert registry.believed("visitor") == {}
    assert report.shared_visitors == 1


def test_an_order_tells_whose_the_visit_was(registry: Registry) -> None:
    registry.add("web_events", source_system="", visitor_ref="v1", order_ref="o1", event_type="purchase")
    registry.add("order_lines", order_ref="o1", customer_ref="2")
    registry.add("order_lines", order_ref="o2", customer_ref="1", visitor_ref="v2")
    resolve(registry.connection)
    records = registry.believed()
    assert registry.believed("visitor") == {("", "v1"): records["crm", "2"], ("", "v2"): records["crm", "1"]}


def test_contacts_find_addresses_and_numbers_as_they_wrote_them(registry: Registry) -> None:
    registry.add("contacts", email=" Mario@Example.ORG", source_system="")
    registry.add("contacts", phone="+39 333-123-4567", source_system="")
    registry.add("service_cases", phone="0655501234", source_system="")
    registry.add("contacts", phone="0000", source_system="")
    resolve(registry.connection)
    records = registry.believed()
    assert registry.believed("email")["", " Mario@Example.ORG"] == records["crm", "1"]
    phones = registry.believed("phone")
    assert phones["", "+39 333-123-4567"] == records["crm", "1"]
    assert phones["", "0655501234"] == phones["", "06 5550 1234"] == records["crm", "2"]
    assert ("", "0000") not in phones


def test_a_number_of_two_customers_is_nobodys(registry: Registry) -> None:
    registry.person("3", phone="+39 333 123 4567", given_name="Luca")
    registry.add("contacts", phone="3331234567", source_system="")
    resolve(registry.connection)
    assert set(registry.believed("phone").values()) == {registry.believed()["crm", "2"]}


def test_accounts_are_matched_by_reference_or_email_and_only_persons(registry: Registry) -> None:
    registry.add("social_accounts", handle="mario", customer_ref="1")
    registry.add("social_accounts", handle="anna", email="anna@example.org", source_system="")
    registry.add("social_accounts", handle="brand", customer_ref="1", account_kind="own")
    registry.add("social_accounts", handle="anna", platform="pix", source_system="")
    resolve(registry.connection)
    records = registry.believed()
    assert registry.believed("handle") == {
        ("chirp", "mario"): records["crm", "1"],
        ("", "mario"): records["crm", "1"],
        ("chirp", "anna"): records["crm", "2"],
    }


def test_a_lead_is_known_by_its_opportunity_before_its_email(registry: Registry) -> None:
    registry.add("leads", lead_ref="l1", email="mario@example.org")
    registry.add("leads", lead_ref="l2", email="mario@example.org")
    registry.add("leads", lead_ref="l3", email="nobody@example.org")
    registry.add("opportunity_stages", lead_ref="l2", customer_ref="2")
    resolve(registry.connection)
    records = registry.believed()
    assert registry.believed("lead") == {("crm", "l1"): records["crm", "1"], ("crm", "l2"): records["crm", "2"]}


def test_a_lead_of_a_familys_address_or_a_phone_alone_is_known_by_name(registry: Registry) -> None:
    family = {"email": "bruni@example.org", "family_name": "Bruni"}
    registry.person("3", given_name="Luca", phone="+39 333 999 0001", **family)
    registry.person("4", given_name="Sara", birth_date="1990-02-03", **family)
    registry.add("leads", lead_ref="l1", email="bruni@example.org", full_name="Sara Bruni")
    registry.add("leads", lead_ref="l2", email="bruni@example.org", full_name="Bruni")  # either of them
    registry.add("leads", lead_ref="l3", phone="333 999 0001", full_name="Luca Brüni")
    registry.add("leads", lead_ref="l4", phone="333 999 0001", full_name="Sara Bruni")  # at her husband's phone
    registry.add("leads", lead_ref="l5", phone="333 999 0001")
    resolve(registry.connection)
    records = registry.believed()
    assert registry.believed("lead") == {("crm", "l1"): records["crm", "4"], ("crm", "l3"): records["crm", "3"]}


def test_a_lead_of_a_company_is_known_by_the_companys_name(registry: Registry) -> None:
    registry.person("5", party_type="organisation", organisation_name="Moretti Srl", phone="011 555 0000")
    registry.add(
        "leads", lead_ref="l1", phone="+39 011 5550000", full_name="Rita Moro", organisation_name="MORETTI SRL"
    )
    resolve(registry.connection)
    assert registry.believed("lead") == {("crm", "l1"): registry.believed()["crm", "5"]}


def test_a_device_belongs_to_the_one_it_signals_for(registry: Registry) -> None:
    registry.add("device_signals", device_ref="d1", customer_ref="1")
    registry.add("device_signals", device_ref="d2", customer_ref="1")
    registry.add("device_signals", device_ref="d2", customer_ref="2")
    resolve(registry.connection)
    assert registry.believed("device") == {("", "d1"): registry.believed()["crm", "1"]}


def test_an_account_is_known_by_an_address_in_what_it_says_of_itself(registry: Registry) -> None:
    registry.add("social_accounts", handle="m", source_system="", bio="Caffè, libri. Write to Mario@Example.org!")
    registry.add("social_accounts", handle="n", source_system="", bio="mario at example.org")
    resolve(registry.connection)
    assert registry.believed("handle") == {
        ("chirp", "m"): registry.believed()["crm", "1"],
        ("", "m"): registry.believed()["crm", "1"],
    }


def test_an_account_of_a_familys_address_is_known_by_name(registry: Registry) -> None:
    family = {"email": "bruni@example.org", "family_name": "Bruni"}
    registry.person("3", given_name="Luca", **family)
    registry.person("4", given_name="Sara", birth_date="1990-02-03", **family)
    registry.add("social_accounts", handle="s", email="bruni@example.org", display_name="Sara B", source_system="")
    registry.add("social_accounts", handle="l", email="bruni@example.org", display_name="luca brüni", source_system="")
    registry.add("social_accounts", handle="b", email="bruni@example.org", display_name="Bruni", source_system="")
    resolve(registry.connection)
    assert {key[1]: who for key, who in registry.believed("handle").items()} == {"l": registry.believed()["crm", "3"]}


@pytest.fixture
def town(registry: Registry) -> Registry:
    """Forty customers, of whom half have an account; every second one is a Mario or a Rossi."""
    for number in range(40):
        ref, letters = f"t{number}", f"{chr(97 + number // 10)}{chr(97 + number % 10)}"
        given, family = (f"Given{letters}", "Rossi") if number % 2 else ("Mario", f"Family{letters}")
        registry.person(ref, given_name=given, family_name=family)
        if number < 20:
            registry.add("social_accounts", handle=ref, customer_ref=ref, display_name=f"{given} {family}")
    registry.person("z", given_name="Zeno", family_name="Quaglia")
    registry.person("m", given_name="Mario", family_name="Rossi")
    return registry


def _named(registry: Registry) -> dict[str, tuple[int, float]]:
    resolve(registry.connection)
    found = registry.connection.execute(
        "select identifier, customer_id, probability from intermediate.identity_ledger "
        "where identifier_kind = 'handle' and rule = 'name' and believed_to is null"
    ).fetchall()
    return {handle: (customer, probability) for handle, customer, probability in found}


def test_a_name_that_hardly_anybody_else_bears_tells_whose_the_account_is(town: Registry) -> None:
    for handle, shown in {"a": "QUAGLIA, Zenò", "b": "Mario Rossi", "c": "Zeno", "d": "Zeno Z Quaglia"}.items():
        town.add("social_accounts", handle=handle, display_name=shown, source_system="")
    town.add("social_accounts", handle="e", display_name="Zeno Quaglia", account_kind="own", source_system="")
    assert _named(town) == {"a": (town.believed()["crm", "z"], 0.99)}


def test_many_strangers_make_the_same_name_less_telling(town: Registry) -> None:
    town.add("social_accounts", handle="a", display_name="Zeno Quaglia", source_system="")
    for number in range(30):
        town.add("social_accounts", handle=f"s{number}", display_name=f"Stranger {number}", source_system="")
    assert _named(town)["a"][1] == 0.95
    for number in range(30, 300):
        town.add("social_accounts", handle=f"s{number}", display_name=f"Stranger {number}", source_system="")
    assert _named(town) == {}


def test_of_two_accounts_or_two_customers_of_a_name_none_is_told_by_it(town: Registry) -> None:
    town.add("social_accounts", handle="a", display_name="Zeno Quaglia", source_system="")
    town.add("social_accounts", handle="b", display_name="Quaglia Zeno", source_system="")
    town.add("social_accounts", handle="c", display_name="Zeno Quaglia", platform="pix", source_system="")
    assert set(_named(town)) == {"c"}
    town.person("y", given_name="Zeno", family_name="Quaglia", birth_date="1950-05-05")
    assert _named(town) == {}


def test_who_has_an_account_of_a_platform_has_no_second_by_name(town: Registry) -> None:
    town.add("social_accounts", handle="z", customer_ref="z", display_name="z")
    town.add("social_accounts", handle="a", display_name="Zeno Quaglia", source_system="")
    assert _named(town) == {}
