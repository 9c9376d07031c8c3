"""Fixtures of the tests of publishing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    company = tmp_path / "shop"
    company.mkdir()
    (company / "company.yml").write_text("name: shop\n")
    return Settings(company=str(company), home=tmp_path / "home", keep_versions=2)
