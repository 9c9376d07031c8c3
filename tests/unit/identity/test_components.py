from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb
import pytest

from dagster_project.identity import resolve
from dagster_project.identity.components import MAX_COMPONENT
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
