"""A person is erased from a whole home, an old file does not bring him back, and the accounts stay to the cent."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from dagster_project.privacy.key import SIMULATED_KEY
from dagster_project.privacy.pseudonym import keyed_hash
from dagster_project.settings import REPOSITORY
from tests.integration.runs import Run, small_world, stella

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("erasure")]

_BUYER = """
select c.customer_ref, min(c.email), min(lower(c.full_name))
from raw.customers as c inner join raw.order_lines as bought using (source_system, customer_ref)
where c.email in (select email from raw.customers group by email having count(*) = 1)
    and regexp_matches(c.full_name, '^[A-Za-z]+ [A-Za-z]+$')
group by c.customer_ref
having count(*) > 3
order by 1
limit 1
"""
_SALES = "select count(*), sum(net_amount) from raw.order_lines"


def _ask(database: Path, query: str) -> tuple[object, ...]:
    with duckdb.connect(str(database), read_only=True) as reader:
        row = reader.execute(query).fetchone()
    assert row is not None
    return row


def _files_with(home: Path, texts: list[bytes]) -> list[Path]:
    files = [p for p in home.rglob("*") if p.is_file() and not p.is_symlink()]
    return [p for p in files if any(text in p.read_bytes() for text in texts)]


def _places_with(home: Path, texts: list[bytes]) -> set[str]:
    """Name what of the working folder holds one of the texts: its folders, and the files beside them."""
    found = set()
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            if any(text in data for text in texts):
                place = path.relative_to(home).parts[1]
                found.add(f"{place}{path.suffix if place == 'landing' else ''}")
    return found


def _give_more(landed: Path, reference: str, email: str) -> None:
    """Let more of him be there: a compressed file, a line that breaks the contract, a contact of an earlier plan."""
    header, *lines = landed.read_text().splitlines(keepends=True)
    his = "".join(line for line in lines if reference in line)
    with gzip.open(landed.with_name("customers_more.csv.gz"), "wt") as file:
        file.write(header + his)
    outbox = landed.parents[2] / "outbox" / "2020-01-01" / "email.csv"
    outbox.parent.mkdir(parents=True)
    outbox.write_text(f"plan_ref,source_system,customer_ref\nP1,crm,{reference}\n")
    landed.with_name("customers_bad.csv").write_text(f"{header}{reference},{email}\n")


def _check_copy(copy: dict[str, dict[str, dict[str, list[object]]]], reference: str) -> None:
    """What he gave and what was made of it are there, every table and column with its meaning, and nobody else's."""
    assert reference in str(copy["records"]["customers"]["rows"])
    assert reference in str(copy["refused"]["customers"]["rows"])
    assert {
        "warehouse.dim_customer", "warehouse.dim_customer_personal", "warehouse.bridge_customer_identity",
        "warehouse.fct_order_line", "marts.mart_customer_360", "marts.mart_customer_permission",
        "scores.score_customer_activity", "decisions.campaign_customer_profit",
    } <= set(copy["derived"])  # fmt: skip
    for name, table in copy["derived"].items():
        assert table["description"] or name.startswith(("scores.", "decisions."))
        assert all(table["columns"].values())
        assert set(table["columns"]) == set(table["rows"][0]), name
        assert {row["customer_id"] for row in table["rows"]} == {copy["customer_id"]}


def test_erased_from_everything_and_kept_out(tmp_path: Path) -> None:
    company = small_world(tmp_path, persons=500)
    run = stella(tmp_path / "home", company, "run")
    assert run.exit_code in {0, 3}, run.output[-3000:]
    reference, email, name = map(str, _ask(run.database, _BUYER))
    sales = _ask(run.database, _SALES)
    landed = run.database.parent / "landing" / "customers" / "customers.csv"
    texts = [reference.encode(), email.encode()]
    _give_more(landed, reference, email)
    again = stella(run.home, company, "run")
    assert again.exit_code in {0, 3}, again.output[-3000:]
    quarantined = f"select count(*) from quarantine.customers where contains(_raw::varchar, '{reference}')"
    assert _ask(run.database, quarantined) == (1,)
    assert {"build.duckdb", "landing.csv", "landing.gz", "outbox"} <= _places_with(run.home, texts)
    versions = sorted((run.database.parent / "published" / "versions").iterdir())
    assert len(versions) > 1
    old = tmp_path / "old.csv"
    shutil.copy(landed, old)

    copy = tmp_path / "person.json"
    exported = stella(run.home, company, "export-person", "--customer", str(email), "--to", str(copy))
    assert exported.exit_code == 0, exported.output[-3000:]
    _check_copy(json.loads(copy.read_text()), str(reference))
    assert copy.stat().st_mode & 0o777 == 0o600

    erased = stella(run.home, company, "erase", "--customer", str(reference))
    assert erased.exit_code == 0, erased.output[-3000:]
    receipt = json.loads(next((run.database.parent / "erasures").glob("*.json")).read_text())
    assert receipt["is_verified"]
    assert receipt["rows"]["raw.customers"] >= 1
    assert _places_with(run.home, texts) == set()
    assert _ask(run.database, quarantined) == (0,)
    assert not any(version.exists() for version in versions)
    told = keyed_hash(SIMULATED_KEY.encode(), f"phrase:{name}")
    assert _ask(run.database, f"select count(*) from raw._tombstone where identifier_hash = '{told}'") == (1,)
    assert _ask(run.database, _SALES) == sales
    assert _ask(run.database, "select count(*), bool_and(is_verified) from raw._erasures") == (1, True)
    of_him = f"record_id = ('0x' || left(md5('crm|{reference}'), 15))::bigint"
    remembered = f"select count(*) > 100, count(*) filter ({of_him}) from intermediate.identity_record_state"
    assert _ask(run.database, remembered) == (True, 0)

    _check_he_stays_out(run, landed, old, reference, email)


def _check_he_stays_out(run: Run, landed: Path, old: Path, reference: str, email: str) -> None:
    # A line of his that breaks the contract is told by no column; it must not stay among the refused rows either.
    again = landed.with_name("customers_old.csv")
    again.write_text(old.read_text() + f"{reference},{email}\n")
    reloaded = stella(run.home, run.company, "run")
    assert reloaded.exit_code in {0, 3}, reloaded.output[-3000:]
    assert _files_with(run.home, [reference.encode(), email.encode()]) == [again]
    known = f"select count(*) from raw.customers where customer_ref = '{reference}' or email = '{email}'"
    assert _ask(run.database, known) == (0,)
    once_more = stella(run.home, run.company, "erase", "--customer", str(reference))
    assert once_more.exit_code == 0, once_more.output[-3000:]
    assert "erased on" in once_more.output
    unknown = stella(run.home, run.company, "erase", "--customer", "W0000000000")
    assert unknown.exit_code == 2
    assert "nobody is known" in unknown.output
    assert "W0000000000" not in unknown.output


# Those of one household share a telephone: each loses it when all who have it are erased at once.
_FAMILY = """
select list(distinct ledger.customer_id order by ledger.customer_id) as family
from raw.customers as c
inner join intermediate.identity_ledger as ledger
    on c.source_system = ledger.source_system and c.customer_ref = ledger.identifier
where ledger.identifier_kind = 'record' and ledger.believed_to is null and c.phone is not null
group by regexp_replace(c.phone, '[^0-9]', '', 'g')
having count(distinct ledger.customer_id) = 2
order by 1
limit 1
"""
_NAMED = """
select list(distinct identifier)
from intermediate.identity_ledger
where identifier_kind in ('record', 'email', 'phone', 'visitor') and believed_to is null and customer_id in {family}
"""
_DIES = """
import importlib, os, signal
from dagster_project.operations.cli import main
module = importlib.import_module("dagster_project.{module}")
calls = []
whole = module.{function}
def dies(*given, **named):
    calls.append(1)
    if len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*given, **named)
module.{function} = dies
main()
"""


def _killed(run: Run, at: tuple[str, str, int], *arguments: str) -> None:
    """Run the command and kill it when it calls a function for the nth time."""
    module, function, call = at
    done = subprocess.run(
        [sys.executable, "-c", _DIES.format(module=module, function=function, call=call), *arguments],
        cwd=REPOSITORY, env={**os.environ, "STELLA_HOME": str(run.home), "COMPANY": str(run.company)},
        capture_output=True, text=True, check=False, timeout=570,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stdout[-2000:] + done.stderr[-2000:]


def test_an_erasure_of_two_that_is_killed_again_and_again_is_finished(tmp_path: Path) -> None:
    company = small_world(tmp_path, persons=500)
    run = stella(tmp_path / "home", company, "run")
    assert run.exit_code in {0, 3}, run.output[-3000:]
    (family,) = _ask(run.database, _FAMILY)
    assert isinstance(family, list)
    (texts,) = _ask(run.database, _NAMED.format(family=tuple(family)))
    assert isinstance(texts, list)
    sales = _ask(run.database, _SALES)
    requests = tmp_path / "requests.txt"
    requests.write_text("# a family, one of them twice\n" + "".join(f"customer_id:{c}\n" for c in [*family, family[0]]))

    unfinished = run.database.parent / "erasures" / "unfinished.json"
    _killed(run, ("operations.erasure", "_forget", 1), "erase", "--file", str(requests))
    assert unfinished.stat().st_mode & 0o777 == 0o600
    _killed(run, ("privacy.trace_files", "clean", 2), "run")
    _killed(run, ("operations.erasure", "_note_cleaned", 1), "erase", "--file", str(requests))
    _killed(run, ("operations.receipt", "_receipt", 2), "retry")
    assert not list(unfinished.parent.glob("2*.json"))
    end = stella(run.home, company, "run")
    assert end.exit_code == 0, end.output[-3000:]
    assert "was stopped; this run finishes it" in end.output

    assert not unfinished.exists()
    receipts = [json.loads(path.read_text()) for path in unfinished.parent.glob("*.json")]
    assert [(r["is_verified"], r["shared_identifiers_kept"]) for r in receipts] == [(True, 0)] * 2
    # A row that names both is counted where it went first.
    assert sum(r["rows"].get("raw.customers", 0) for r in receipts) >= 2
    assert all(r["tombstones"] and "landing/customers/customers.csv" in r["files"] for r in receipts)
    assert _files_with(run.home, [str(text).encode() for text in texts if len(str(text)) > 5]) == []
    assert _ask(run.database, _SALES) == sales
    assert _ask(run.database, "select count(*), bool_and(is_verified) from raw._erasures") == (2, True)


@pytest.mark.skipif(find_spec("lifetimes") is None, reason="the package lifetimes is not installed")
def test_a_company_of_numbers_whose_orders_are_numbered_by_customer(tmp_path: Path) -> None:
    company, secret = REPOSITORY / "sources" / "companies" / "cdnow", {"STELLA_PSEUDONYM_KEY": "k" * 40}
    run = stella(tmp_path, company, "run", **secret)
    assert run.exit_code in {0, 3}, run.output[-3000:]
    sales = _ask(run.database, _SALES)
    his = "select count(*) from raw.order_lines where customer_ref = '00018' or order_ref like '00018-%'"
    assert _ask(run.database, his) == (1,)
    without = stella(tmp_path, company, "erase", "--customer", "00018", STELLA_PSEUDONYM_KEY="")
    assert without.exit_code == 2
    assert "stella key" in without.output
    erased = stella(tmp_path, company, "erase", "--customer", "00018", **secret)
    assert erased.exit_code == 0, erased.output[-3000:]
    assert _ask(run.database, his) == (0,)
    assert _ask(run.database, _SALES) == sales
    receipt = json.loads(next((run.database.parent / "erasures").glob("2*.json")).read_text())
    assert (receipt["is_verified"], receipt["short_identifiers_not_searched"]) == (True, 1)
