"""Where the decisions of a small shop are written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.settings import Settings, get_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    company = tmp_path / "shop"
    company.mkdir()
    (company / "company.yml").write_text("name: shop\n")
    return get_settings(home=tmp_path / "home", company=str(company))
