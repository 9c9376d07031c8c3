"""What all tests share: a working folder of their own, and `--accept` for snapshots."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest

SNAPSHOTS = Path(__file__).parent / "snapshots"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="Write the snapshots anew instead of comparing with them.")


def pytest_configure() -> None:
    """Keep the tests away from the user's settings and working folder, before anything is imported."""
    # A busy machine is no fault of the property.
    hypothesis.settings.register_profile("house", deadline=None)
    hypothesis.settings.load_profile("house")
    for name in ("COMPANY", "AS_OF", "DAGSTER_HOME"):
        os.environ.pop(name, None)
    os.environ["STELLA_HOME"] = home = tempfile.mkdtemp(prefix="stella-tests-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> object:
    """Compare lines with a file below tests/snapshots; `pytest --accept` writes the file."""

    def compare(name: str, lines: list[str]) -> None:
        path = SNAPSHOTS / name
        text = "\n".join(lines) + "\n"
        if request.config.getoption("--accept"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert path.is_file(), f"{path.name} is missing: pytest --accept writes it"
        assert text.splitlines() == path.read_text().splitlines()

    return compare
