"""Settings: what the environment may say, and what a wrong word in it is answered with."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from dagster_project.settings import REPOSITORY, Settings, StellaError, get_settings


def test_every_setting_is_in_the_example_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COMPANY", "AS_OF", "STELLA_HOME"):
        monkeypatch.delenv(name, raising=False)
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    defaults = Settings(_env_file=None)  # type: ignore[call-arg]
    expected = {
        (field.validation_alias or f"STELLA_{name.upper()}"): getattr(defaults, name)
        for name, field in Settings.model_fields.items()
    }
    assert example == {name: "" if value is None else str(value) for name, value in expected.items()}


def test_the_day_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AS_OF", "2026-03-31")
    assert get_settings().as_of == date(2026, 3, 31)
    monkeypatch.setenv("AS_OF", "")
    assert get_settings().as_of is None


def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AS_OF", "31.3.2026")
    monkeypatch.setenv("STELLA_THREADS", "0")
    with pytest.raises(StellaError, match=r"AS_OF='31\.3\.2026'.*STELLA_THREADS"):
        get_settings()


def test_a_wrong_value_is_told_with_what_its_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STELLA_MEMORY_LIMIT", "much")
    with pytest.raises(StellaError, match=r"STELLA_MEMORY_LIMIT='much'.*such as 4GB"):
        get_settings()
    monkeypatch.setenv("STELLA_MEMORY_LIMIT", "512 MiB")
    assert get_settings().memory_limit == "512 MiB"


@pytest.mark.parametrize("company", ["nobody", "/nowhere/at/all"])
def test_an_unknown_company_lists_the_known_ones(company: str) -> None:
    with pytest.raises(StellaError, match="demo"):
        _ = get_settings(company=company).company_folder


def test_a_company_outside_the_repository_is_known_by_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "company.yml").write_text("name: acme\n")
    settings = get_settings(company=str(folder), home=tmp_path / "home")
    assert settings.company_home == tmp_path / "home" / "acme"
