"""Who is to be erased is read from the option or a file; what is wrong is told and no name repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from dagster_project.operations.erasure import erase
from dagster_project.operations.requests import Request, read_requests, subjects_of
from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.tombstones import Identifier, bury
from dagster_project.settings import StellaError
from tests.unit.operations.shop import session_of

KEY = PseudonymKey(b"k" * 32)


def test_the_option_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "requests.txt"
    file.write_text("\ufeff# of this week\nW1\n\n anna@x.it \nW1\n")
    assert read_requests("W1", None) == [Request("W1", "--customer")]
    assert read_requests(None, file) == [
        Request("W1", "requests.txt, line 2"),
        Request("anna@x.it", "requests.txt, line 4"),
    ]


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


def test_before_the_first_run_there_is_nobody_to_erase(company: Path) -> None:
    session = session_of(company)
    with pytest.raises(StellaError, match="No run has been made yet for shop: there is nobody to erase"):
        erase(session, [Request("anna@x.it", "--customer")], Console(file=StringIO()))
    assert not session.settings.database.exists()


def _requests(*texts: str) -> list[Request]:
    return [Request(text, f"file, line {number}") for number, text in enumerate(texts, start=1)]


def test_each_person_once(people: duckdb.DuckDBPyConnection) -> None:
    subjects, said = subjects_of(people, _requests("W111111", "W222222", "anna@x.it", "1"), KEY)
    assert [subject.customer_id for subject in subjects] == [1, 2]
    assert said == []


def test_every_line_at_fault_is_told_at_once_and_none_is_repeated(people: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(StellaError) as fault:
        subjects_of(people, _requests("W111111", "W9", "v1234567", "nobody@x.it"), KEY)
    said = str(fault.value)
    assert "line 2: nobody is known" in said
    assert "line 3: it is shared by 2 customers" in said
    assert "line 4: nobody is known" in said
    assert "line 1" not in said
    assert not any(text in said for text in ("W9", "v1234567", "nobody@x.it"))
    assert said.endswith("Nothing was changed.")


def test_whoever_was_erased_before_is_told_and_the_others_are_erased(people: duckdb.DuckDBPyConnection) -> None:
    bury(people, [Identifier("record", "shop", "W333333")], KEY, datetime(2026, 1, 5, tzinfo=UTC))
    subjects, said = subjects_of(people, _requests("W333333", "W222222"), KEY)
    assert [subject.customer_id for subject in subjects] == [2]
    assert said == ["file, line 1: this person was erased on 2026-01-05 already."]
