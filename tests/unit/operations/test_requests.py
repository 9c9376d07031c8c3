"""Who is to be erased is read from the option or a file; what is wrong with either is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.operations.requests import read_requests
from dagster_project.settings import StellaError


def test_the_option_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "requests.txt"
    file.write_text("# of this week\nW1\n\n anna@x.it \nW1\n")
    assert read_requests("W1", None) == ["W1"]
    assert read_requests(None, file) == ["W1", "anna@x.it"]


def test_faults(tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("# nobody\n")
    with pytest.raises(StellaError, match="Say who"):
        read_requests(None, None)
    with pytest.raises(StellaError, match="Say who"):
        read_requests("W1", empty)
    with pytest.raises(StellaError, match="names nobody"):
        read_requests(None, empty)
    with pytest.raises(StellaError, match="cannot be read"):
        read_requests(None, tmp_path / "none.txt")
