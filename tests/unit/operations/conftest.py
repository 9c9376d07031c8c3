from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.operations.shop import open_shop


@pytest.fixture
def company(tmp_path: Path) -> Path:
    return open_shop(tmp_path / "shop")
