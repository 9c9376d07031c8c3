"""What all tests share: a working folder of their own, and `--accept` for snapshots."""

from __future__ import annotations

from pathlib import Path

import pytest

SNAPSHOTS = Path(__file__).parent / "snapshots"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="Write the snapshots anew instead of comparing with them.")


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests away from the user's settings and working folder."""
    patch = pytest.MonkeyPatch()
    for name in ("COMPANY", "AS_OF", "DAGSTER_HOME"):
        patch.delenv(name, raising=False)
    patch.setenv("STELLA_HOME", str(tmp_path_factory.mktemp("home")))


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
