from __future__ import annotations

import pytest

from dagster_project.identity import resolve
from dagster_project.settings import StellaError
from tests.unit.identity.registry import Registry

ANNA = {"given_name": "Anna", "family_name": "Rossi", "email": "anna@example.org"}


@pytest.fixture
def registry() -> Registry:
    made = Registry()
    made.person("1", **ANNA)
    made.person("2", "webshop", **ANNA)
    made.person("3", "pos", full_name="Somebody Else")
    return made


def test_a_steward_joins_what_no_rule_joins(registry: Registry) -> None:
    registry.decide("crm 1", "pos 3", "same")
    report = resolve(registry.connection)
    assert registry.same(("crm", "1"), ("pos", "3"), ("webshop", "2"))
    assert (report.decisions, report.waiting) == (1, 0)


def test_a_steward_parts_what_a_rule_joins(registry: Registry) -> None:
    resolve(registry.connection)
    assert registry.same(("crm", "1"), ("webshop", "2"))
    registry.decide("webshop 2", "crm 1", "different")
    resolve(registry.connection)
    assert not registry.same(("crm", "1"), ("webshop", "2"))
    assert registry.reviewed() == []


def test_a_steward_outranks_a_contradiction(registry: Registry) -> None:
    registry.change("1", tax_code="A1", birth_date="1970-01-01")
    registry.change("3", "pos", tax_code="B2", birth_date="1999-09-09")
    registry.decide("crm 1", "pos 3", "same")
    resolve(registry.connection)
    assert registry.same(("crm", "1"), ("pos", "3"))


def test_what_a_steward_has_joined_takes_no_record_from_either(registry: Registry) -> None:
    """Born 1970 by one, 1999 by the other: whoever agrees with one of them is not turned away by the other."""
    registry.change("1", tax_code="A1", birth_date="1970-01-01")
    registry.change("2", "webshop", tax_code="A1", birth_date="1970-01-01")
    registry.change("3", "pos", tax_code="B2", birth_date="1999-09-09")
    registry.person("5", "app", **ANNA, tax_code="C3")
    registry.decide("crm 1", "pos 3", "same")
    resolve(registry.connection)
    assert registry.same(("crm", "1"), ("webshop", "2"), ("pos", "3"))
    assert not registry.same(("crm", "1"), ("app", "5"))
    registry.decide("pos 3", "webshop 2", "different")
    resolve(registry.connection)
    assert registry.same(("crm", "1"), ("pos", "3"))
    assert not registry.same(("crm", "1"), ("webshop", "2"))


def test_a_decision_survives_a_rebuild(registry: Registry) -> None:
    registry.decide("crm 1", "pos 3", "same")
    resolve(registry.connection)
    before = registry.believed()
    registry.connection.execute("drop table intermediate.identity_ledger")
    resolve(registry.connection)
    assert registry.believed() == before


def test_a_decision_about_an_unknown_record_waits_for_it(registry: Registry) -> None:
    registry.decide("crm 1", "pos 99", "same")
    report = resolve(registry.connection)
    assert (report.decisions, report.waiting) == (0, 1)
    assert "1 wait for their record" in report.summary()
    registry.person("99", "pos")
    assert resolve(registry.connection).decisions == 1
    assert registry.same(("crm", "1"), ("pos", "99"))


@pytest.mark.parametrize(
    "decisions",
    [
        [("crm 1", "webshop 2", "same"), ("webshop 2", "crm 1", "different")],
        [("crm 1", "webshop 2", "same"), ("webshop 2", "pos 3", "same"), ("crm 1", "pos 3", "different")],
    ],
)
def test_decisions_that_contradict_each_other_are_named(
    registry: Registry, decisions: list[tuple[str, str, str]]
) -> None:
    resolve(registry.connection)
    before = registry.ledger()
    for decision in decisions:
        registry.decide(*decision)
    with pytest.raises(StellaError, match=r"identity_decision\.csv contradicts itself: .*(crm 1|pos 3)"):
        resolve(registry.connection)
    assert registry.ledger() == before


def test_another_word_than_same_or_different_is_refused(registry: Registry) -> None:
    registry.decide("crm 1", "webshop 2", "maybe")
    with pytest.raises(StellaError, match="'maybe' is neither"):
        resolve(registry.connection)
