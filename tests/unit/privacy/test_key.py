"""The secret key: when it is wanted, what is said where it is missing or short, how a fresh one is written."""

from __future__ import annotations

import stat
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from dagster_project.operations.run import run
from dagster_project.operations.session import Session
from dagster_project.privacy.key import RETIRED_VARIABLE, SIMULATED_KEY, VARIABLE, find_key, key_name, write_fresh_key
from dagster_project.settings import Settings, StellaError

KEY = "k" * 32


def _company(tmp_path: Path, customers: str, more: str = "") -> Path:
    folder = tmp_path / "shop"
    (folder / "landing").mkdir(parents=True)
    (folder / "landing" / "customers.csv").write_text(customers)
    (folder / "landing" / "order_lines.csv").write_text(
        "source_system,order_ref,line_number,product_ref,quantity,unit_price,ordered_at\ncrm,O1,1,P1,1,5,2026-01-01\n"
    )
    (folder / "company.yml").write_text(
        "name: shop\nhome_currency: EUR\nfeeds:\n  order_lines: order_lines.csv\n"
        f"  customers: {{files: customers.csv{more}}}\n"
    )
    return folder


def _session(company: Path, tmp_path: Path, key: str = "") -> Session:
    return Session(Settings(company=str(company), home=tmp_path / "home", pseudonym_key=key, _env_file=None))  # type: ignore[call-arg]


def test_a_company_that_sends_personal_data_needs_a_key(tmp_path: Path) -> None:
    company = _company(tmp_path, "source_system,customer_ref,email\ncrm,C1,a@b.example\n")
    with pytest.raises(StellaError, match=r"shop sends personal data.*`stella key`") as fault:
        _ = _session(company, tmp_path).pseudonym_key
    assert "\n" not in str(fault.value)
    with pytest.raises(StellaError, match=r"has 31 bytes; at least 32.*`stella key`"):
        _ = _session(company, tmp_path, "k" * 31).pseudonym_key
    key = _session(company, tmp_path, KEY).pseudonym_key
    assert key is not None and key.current == KEY.encode()
    assert KEY not in repr(key)


@pytest.mark.parametrize(("key", "said"), [("", "is not set"), ("k" * 31, "has 31 bytes")])
def test_a_run_without_a_good_key_does_not_begin(tmp_path: Path, key: str, said: str) -> None:
    company = _company(tmp_path, "source_system,customer_ref,email\ncrm,C1,a@b.example\n")
    session = _session(company, tmp_path, key)
    with pytest.raises(StellaError, match=said):
        run(session, Console(file=StringIO()))
    assert not session.settings.database.exists()


def test_a_company_that_sends_nothing_personal_needs_none(tmp_path: Path) -> None:
    company = _company(tmp_path, "source_system,customer_ref,country\ncrm,C1,IT\n")
    assert _session(company, tmp_path).pseudonym_key is None


def test_a_company_may_say_that_a_column_of_its_own_is_not_personal(tmp_path: Path) -> None:
    company = _company(tmp_path, 'source_system,customer_ref,attributes\ncrm,C1,"{}"\n', ", not_personal: [attributes]")
    assert _session(company, tmp_path).pseudonym_key is None


def test_not_personal_names_a_personal_column(tmp_path: Path) -> None:
    company = _company(tmp_path, "source_system,customer_ref\ncrm,C1\n", ", not_personal: [emial]")
    with pytest.raises(StellaError, match=r"'emial' is no personal column of customers.*email"):
        _ = _session(company, tmp_path).company


def test_simulated_persons_need_no_secret(tmp_path: Path) -> None:
    key = find_key(Settings(home=tmp_path, _env_file=None), is_simulated=True, has_personal_data=lambda: True)  # type: ignore[call-arg]
    assert key is not None and key.current == SIMULATED_KEY.encode()


def test_a_fresh_key_goes_into_the_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"COMPANY=shop\n{VARIABLE}=\n")
    name = write_fresh_key(file)
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert lines["COMPANY"] == "shop"
    assert key_name(lines[VARIABLE].encode()) == name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(StellaError, match=r"is set already.*--rotate"):
        write_fresh_key(file)


def test_a_rotated_key_is_kept_for_the_tombstones(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    with pytest.raises(StellaError, match="no STELLA_PSEUDONYM_KEY to rotate"):
        write_fresh_key(file, rotate=True)
    names = [write_fresh_key(file), write_fresh_key(file, rotate=True), write_fresh_key(file, rotate=True)]
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert [key_name(k.encode()) for k in (lines[VARIABLE], *lines[RETIRED_VARIABLE].split(","))] == names[::-1]
