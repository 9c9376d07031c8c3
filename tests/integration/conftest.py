"""One small world, run the whole way once, for all the tests that look at the result."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.runs import Run, small_world, stella


@pytest.fixture(scope="session")
def demo_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_world(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory, demo_company: Path) -> Run:
    return stella(tmp_path_factory.mktemp("run"), demo_company, "run")
