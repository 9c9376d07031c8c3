from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb
import pytest

from dagster_project.identity import resolve
from dagster_project.identity.components import MAX_COMPONENT, assign_components
from dagster_project.identity.judgement import open_judgements
from dagster_project.identity.mentions import read_mentions
from dagster_project.identity.normalise import define_macros
from dagster_project.identity.records import collect_records
from dagster_project.identity.registry import read_registry
from dagster_project.identity.resolve import _EDGES
from dagster_project.identity.rules import Links
from tests.unit.identity.registry import Registry


@dataclass(frozen=True)
class GivenLinks:
    """Links between records named by their references in one system."""

    links: Sequence[tuple[str, str, float]]

    def find(self, connection: duckdb.DuckDBPyConnection) -> Links:
        for left, right, probability in self.links:
            connection.execute(
                "insert into identity_edge select least(l.node_id, r.node_id), greatest(l.node_id, r.node_id), "
                "'given', ?, false from identity_record as l, identity_record as r "
                "where l.customer_ref = ? and r.customer_ref = ?",
                [probability, left, right],
            )
        return Links({}, {})


@pytest.fixture
def registry() -> Registry:
    return Registry()


def _resolve(registry: Registry, *links: tuple[str, str, float]) -> str:
    """Resolve by these links; give the note of the run."""
    return resolve(registry.connection, edge_sources=[GivenLinks(links)]).note


def test_the_strongest_chain_does_not_join_a_contradiction(registry: Registry) -> None:
    registry.person("a", tax_code="A1")
    registry.person("b")
    registry.person("c", tax_code="B2")
    note = _resolve(registry, ("a", "b", 1.0), ("b", "c", 0.995))
    assert note == "1 link was refused: see intermediate.identity_review"
    assert set(registry.believed()) == {("crm", "a"), ("crm", "b"), ("crm", "c")}
    assert registry.same(("crm", "a"), ("crm", "b"))
    assert not registry.same(("crm", "b"), ("crm", "c"))
    assert registry.reviewed() == [("b", "c", "contradiction", 0.995)]


def test_one_weak_link_between_two_groups_goes_to_review(registry: Registry) -> None:
    for ref in "abcd":
        registry.person(ref)
    strong = [("a", "b", 1.0), ("c", "d", 1.0)]
    _resolve(registry, *strong, ("b", "c", 0.9))
    assert not registry.same(("crm", "b"), ("crm", "c"))
    assert registry.reviewed() == [("b", "c", "one weak link", 0.9)]
    assert _resolve(registry, *strong, ("b", "c", 0.9), ("a", "d", 0.9)) == ""
    assert registry.same(("crm", "a"), ("crm", "b"), ("crm", "c"), ("crm", "d"))
    assert registry.reviewed() == []


def test_one_weak_link_to_a_single_record_holds(registry: Registry) -> None:
    for ref in "abc":
        registry.person(ref)
    _resolve(registry, ("a", "b", 1.0), ("b", "c", 0.9))
    assert registry.same(("crm", "a"), ("crm", "b"), ("crm", "c"))


def test_a_group_over_the_limit_goes_to_review(registry: Registry) -> None:
    refs = [f"{number:03}" for number in range(MAX_COMPONENT + 5)]
    for ref in refs:
        registry.person(ref)
    _resolve(registry, *((left, right, 1.0) for left, right in pairwise(refs)))
    sizes = sorted(list(registry.believed().values()).count(number) for number in set(registry.believed().values()))
    assert sizes == [5, MAX_COMPONENT]
    assert [reason for _, _, reason, _ in registry.reviewed()] == ["too many records"]


MARIO = {"given_name": "Mario", "birth_date": "1970-05-17", "gender": "male", "tax_code": "RSSMRA70E17H501X"}


@pytest.mark.parametrize(
    ("other", "system", "is_forbidden"),
    [
        ({"tax_code": "VRDLGU98M04F205Z"}, "pos", True),
        ({"tax_code": "RSSMRA70E17H501Y"}, "pos", False),  # a slip
        ({"given_name": "Luca", "birth_date": "1998-08-04"}, "pos", True),
        ({"given_name": "Luca"}, "pos", False),  # two names of one person?
        ({"birth_date": "1998-08-04"}, "pos", False),  # a mistake of one of the systems?
        ({"birth_date": "1998-08-04"}, "crm", True),
        ({"gender": "female"}, "crm", True),
        ({"gender": "female"}, "pos", False),
        ({"given_name": "Luca"}, "crm", False),
        ({"birth_date": "1998-08-04", "is_deleted": True}, "crm", False),  # the account that took its place
        ({"given_name": "Luca", "birth_date": "1998-08-04", "is_deleted": True}, "crm", True),
    ],
)
def test_a_strong_disagreement_forbids_however_likely_the_model_and_strong_the_chain(
    registry: Registry, other: dict[str, object], system: str, is_forbidden: bool
) -> None:
    registry.person("1", **MARIO)
    registry.person("2", "webshop")
    registry.person("3", system, **({**MARIO, "tax_code": None} | other))
    define_macros(registry.connection)
    read_registry(registry.connection)
    read_mentions(registry.connection, None)
    open_judgements(registry.connection)
    records = collect_records(registry.connection)
    registry.connection.execute(_EDGES)
    for left, right in ((0, 1), (1, 2), (0, 2)):
        registry.connection.execute("insert into identity_edge values (?, ?, 'model', 1.0, true)", [left, right])
        registry.connection.execute("insert into identity_weight values (?, ?, 40)", [left, right])
    assign_components(registry.connection, records, {"person": {"family_name"}})
    groups = registry.connection.execute("select count(distinct founder_node) from identity_component").fetchone()
    assert groups == (2 if is_forbidden else 1,)
    refused = registry.connection.execute("select distinct reason from identity_refused").fetchall()
    assert refused == ([("contradiction",)] if is_forbidden else [])


def test_what_disagrees_too_often_to_be_trusted_forbids_nothing(registry: Registry) -> None:
    registry.person("1", **MARIO)
    registry.person("2", "pos", **(MARIO | {"tax_code": "VRDLGU98M04F205Z"}))
    define_macros(registry.connection)
    read_registry(registry.connection)
    read_mentions(registry.connection, None)
    open_judgements(registry.connection)
    records = collect_records(registry.connection)
    registry.connection.execute(_EDGES)
    registry.connection.execute("insert into identity_edge values (0, 1, 'model', 1.0, false)")
    for unreliable, groups in (({"family_name"}, 2), ({"tax_code"}, 1)):
        assign_components(registry.connection, records, {"person": unreliable})
        found = registry.connection.execute("select count(distinct founder_node) from identity_component").fetchone()
        assert found == (groups,)
