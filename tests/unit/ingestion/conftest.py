from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.ingestion.contracts import Contract, load_contracts
from tests.unit.ingestion.door import Door


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    return load_contracts()


@pytest.fixture
def door(tmp_path: Path, contracts: dict[str, Contract]) -> Door:
    return Door(tmp_path / "acme", contracts)
