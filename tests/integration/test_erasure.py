"""A person is erased from a whole home, an old file does not bring him back, and the accounts stay to the cent."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.integration.runs import small_world, stella

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("erasure")]

_BUYER = """
select c.customer_ref, min(c.email)
from raw.customers as c inner join raw.order_lines as bought using (source_system, customer_ref)
where c.email in (select email from raw.customers group by email having count(*) = 1)
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


def test_erased_from_everything_and_kept_out(tmp_path: Path) -> None:
    company = small_world(tmp_path, persons=500)
    run = stella(tmp_path / "home", company, "run")
    assert run.exit_code in {0, 3}, run.output[-3000:]
    reference, email = _ask(run.database, _BUYER)
    sales = _ask(run.database, _SALES)
    landed = run.database.parent / "landing" / "customers" / "customers.csv"
    texts = [str(reference).encode(), str(email).encode()]
    assert landed in _files_with(run.home, texts)
    old = tmp_path / "old.csv"
    shutil.copy(landed, old)

    erased = stella(run.home, company, "erase", "--customer", str(reference))
    assert erased.exit_code == 0, erased.output[-3000:]
    receipt = json.loads(next((run.database.parent / "erasures").glob("*.json")).read_text())
    assert receipt["is_verified"]
    assert receipt["rows"]["raw.customers"] >= 1
    assert _files_with(run.home, texts) == []
    assert _ask(run.database, _SALES) == sales
    assert _ask(run.database, "select count(*), bool_and(is_verified) from raw._erasures") == (1, True)
    of_him = f"record_id = ('0x' || left(md5('crm|{reference}'), 15))::bigint"
    remembered = f"select count(*) > 100, count(*) filter ({of_him}) from intermediate.identity_record_state"
    assert _ask(run.database, remembered) == (True, 0)

    # A line of his that breaks the contract is told by no column; it must not stay among the refused rows either.
    again = landed.with_name("customers_old.csv")
    again.write_text(old.read_text() + f"{reference},{email}\n")
    reloaded = stella(run.home, company, "run")
    assert reloaded.exit_code in {0, 3}, reloaded.output[-3000:]
    assert _files_with(run.home, texts) == [again]
    known = f"select count(*) from raw.customers where customer_ref = '{reference}' or email = '{email}'"
    assert _ask(run.database, known) == (0,)
    unknown = stella(run.home, company, "erase", "--customer", str(reference))
    assert unknown.exit_code == 2
    assert "Nobody is known" in unknown.output
    assert str(reference) not in unknown.output
