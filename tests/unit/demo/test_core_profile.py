"""Profiles: every number is a documented key, and a wrong one is named with its file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from sources.companies.demo import Profile, ProfileError, load_profile


def _sections(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    if model in seen:
        return seen
    seen.add(model)

    def visit(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            _sections(annotation, seen)
        for inner in get_args(annotation):
            visit(inner)

    for field in model.model_fields.values():
        visit(field.annotation)
    return seen


@pytest.mark.parametrize("name", ["world", "plain", "scale", "dirty"])
def test_the_profiles_beside_the_company_are_sound(name: str) -> None:
    assert load_profile(name).name == name


def test_the_default_world_is_as_the_documents_say() -> None:
    world = load_profile()
    assert world.population.persons == 5000
    assert world.days == 730
    assert {c.currency for c in world.population.countries.values()} == {"EUR", "GBP", "CHF"}
    assert world.catalogue.stores == 12


def test_every_number_is_described() -> None:
    naked = [
        f"{section.__name__}.{name}"
        for section in _sections(Profile, set())
        if section.__module__.rsplit(".", 1)[1] in {"profile", "profile_core", "profile_buying", "profile_campaigns"}
        for name, field in section.model_fields.items()
        if field.description is None and field.annotation in {int, float}
    ]
    assert naked == []


def _file(folder: Path, text: str) -> Path:
    path = folder / "mine.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("extends: world\npopulation:\n  persnos: 3\n", "line 3: population.persnos: unknown key"),
        ("extends: world\n\nbuying:\n  rate_shape: -1\n", "line 4: buying.rate_shape"),
        ("extends: world\nseed: many\n", "line 2: seed"),
        ("extends: world\nend: 2020-01-01\n", "is not after start"),
        (
            "extends: world\nbuying:\n  pairs:\n  - {first: 'cars:0', second: 'wine:1', lift: 2}\n",
            "unknown category cars",
        ),
        (
            "extends: world\nbuying:\n  pairs:\n  - {first: 'wine:0', second: 'wine:1', lift: 0.2}\n",
            "line 4: buying.pairs.0.lift",
        ),
        ("extends: nowhere\n", "nowhere: no such file"),
        ("extends: mine.yml\n", "more than"),
        ("seed: 1\n", "missing key"),
        ("population: [\n", "line"),
        ("- 1\n", "expected keys"),
    ],
)
def test_a_faulty_profile_is_named_with_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(ProfileError, match="Profile") as caught:
        load_profile(path)
    assert says in str(caught.value)
    assert "mine.yml" in str(caught.value) or "nowhere" in text


def test_a_profile_elsewhere_gives_only_what_differs(tmp_path: Path) -> None:
    mine = load_profile(_file(tmp_path, "extends: world\nname: mine\nseed: 7\npopulation:\n  persons: 70\n"))
    world = load_profile()
    assert (mine.seed, mine.population.persons) == (7, 70)
    assert mine.buying == world.buying


def test_the_number_of_customers_can_be_given() -> None:
    assert load_profile(customers=123).population.persons == 123
    assert load_profile(buying__rate_shape=2.0).buying.rate_shape == 2.0
