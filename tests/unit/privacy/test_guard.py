"""An old file brings an erased person back neither among the accepted rows nor among the refused ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dagster_project.ingestion.company import load_company
from dagster_project.ingestion.contracts import Contract, load_contracts
from dagster_project.ingestion.loading import FeedReport, load_feed
from dagster_project.ingestion.personal import classes_of
from dagster_project.privacy.guard import refused_of
from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.tombstones import Identifier, bury, keep_out
from dagster_project.settings import StellaError
from tests.unit.ingestion.door import Door

KEY = PseudonymKey(b"k" * 32)
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
FEEDS = "  customers: 'customers*'\n  order_lines: 'order*'\n  social_posts: 'posts*'"
CUSTOMERS = "source_system,customer_ref,kind,full_name,email,phone,country,registered_at"
ORDERS = "source_system,order_ref,line_number,customer_ref,product_ref,quantity,unit_price,ordered_at"
HIS = [
    Identifier("record", "shop", "W1"),
    Identifier("email", "", "anna@x.it"),
    Identifier("phone", "", "+39 333 1234567"),
    Identifier("handle", "x", "anna_1"),
]


@pytest.fixture(scope="module")
def contracts() -> dict[str, Contract]:
    return load_contracts()


@pytest.fixture
def door(tmp_path: Path, contracts: dict[str, Contract]) -> Door:
    opened = Door(tmp_path / "acme", contracts)
    opened.company(FEEDS)
    return opened


def _load(door: Door, feed: str, key: PseudonymKey | None = KEY) -> FeedReport:
    company = load_company(door.folder, door.contracts)
    return load_feed(door.connection, door.settings, company, door.contracts[feed], key=key)


def _customer(ref: str, email: str = "", phone: str = "", name: str = "Anna", registered: str = "2024-01-05") -> str:
    return f"shop,{ref},person,{name},{email},{phone},IT,{registered}\n"


def _everything(door: Door) -> str:
    return str(
        [door.rows("*", feed, schema) for feed in ("customers", "order_lines") for schema in ("raw", "quarantine")]
    )


def test_accepted_rows_stay_out_and_are_counted(door: Door) -> None:
    bury(door.connection, HIS, KEY, MOMENT)
    rows = [_customer("W1"), _customer("W2", "anna@x.it"), _customer("W3", phone="+39 333 123-4567"), _customer("W4")]
    door.put("customers.csv", CUSTOMERS + "\n" + "".join(rows))
    report = _load(door, "customers")
    assert door.rows("customer_ref", "customers") == [("W4",)]
    assert (report.rows_in, report.rows_accepted, report.rows_unchanged) == (4, 1, 3)


@pytest.mark.parametrize(
    "row",
    [
        _customer("W1", registered="never"),
        _customer("W9", "Anna@X.it", registered="never"),
        _customer("W9", phone="0039333 1234567").replace(",IT,", ",+39 333 1234567,").replace("2024", "never"),
        "shop,W1,person\n",
        "W1,shop,person,too,many,values,in,this,row,anna@x.it\n",
    ],
)
def test_a_refused_row_keeps_nothing_of_him(door: Door, row: str) -> None:
    bury(door.connection, HIS, KEY, MOMENT)
    stranger = _customer("W5", "berta@x.it", name="Berta", registered="never")
    door.put("customers.csv", CUSTOMERS + "\n" + row.replace("Anna,", "Annamaria,") + stranger)
    report = _load(door, "customers")
    assert report.rows_in == report.rows_quarantined == 2
    said = str(door.rows("_raw, _message", "customers", "quarantine"))
    assert not any(text in said.lower() for text in ("w1", "anna", "1234567")), said
    assert "berta@x.it" in said


def test_his_refused_rows_are_found_and_nothing_is_changed_by_it(door: Door) -> None:
    feeds = [classes_of(contract) for contract in door.contracts.values()]
    his, hers = _customer("W1", registered="never"), _customer("W5", "berta@x.it", name="Berta", registered="never")
    door.put("customers.csv", CUSTOMERS + "\n" + his + hers + _customer("W6"))
    _load(door, "customers")
    before = _everything(door)
    found = refused_of(door.connection, feeds, HIS)
    assert [(feed, [row["_line"] for row in rows]) for feed, rows in found.items()] == [("customers", [2])]
    assert _everything(door) == before


def test_an_old_file_of_orders_changes_no_row_that_was_kept(door: Door) -> None:
    text = (
        ORDERS + "\nshop,O1,1,W1,p1,1,10,2024-01-05\nshop,O2,1,W2,p1,1,5,2024-01-05\nshop,O3,1,W1,p1,x,5,2024-01-05\n"
    )
    door.put("order.csv", text)
    _load(door, "order_lines")
    bury(door.connection, HIS, KEY, MOMENT)
    keep_out(door.connection, [classes_of(door.contracts["order_lines"])], KEY)
    kept = door.rows("*")
    assert door.rows("order_ref, customer_ref") == [("O1", None), ("O2", "W2")]
    door.put("order_old.csv", text + "\n")
    report = _load(door, "order_lines")
    assert (report.rows_in, report.rows_accepted, report.rows_unchanged, report.rows_quarantined) == (3, 0, 2, 1)
    assert door.rows("*") == kept
    refused = door.connection.execute(
        "select _raw from quarantine.order_lines where _file = 'order_old.csv'"
    ).fetchall()
    assert refused == [('"erased"',)]


def test_an_order_of_his_that_comes_late_comes_without_him(door: Door) -> None:
    bury(door.connection, HIS, KEY, MOMENT)
    door.put("order.csv", ORDERS + "\nshop,O1,1,W1,p1,2,10,2024-01-05\n")
    assert _load(door, "order_lines").rows_accepted == 1
    assert door.rows("order_ref, customer_ref, quantity::int") == [("O1", None, 2)]
    assert "W1" not in _everything(door)


def test_an_order_whose_number_is_made_of_his_keeps_a_hash_of_it(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  returns: 'returns*'")
    text = ORDERS + "".join(f"\nshop,{ref}-20240105-1,1,{ref},p1,1,10,2024-01-05" for ref in ("W1", "W12")) + "\n"
    returns = (
        "source_system,return_ref,line_number,order_ref,customer_ref,product_ref,quantity,amount,currency,returned_at\n"
        "shop,R1,1,W1-20240105-1,W1,p1,1,10,EUR,2024-01-06\n"
    )
    door.put("order.csv", text)
    door.put("returns.csv", returns)
    _load(door, "order_lines")
    _load(door, "returns")
    bury(door.connection, HIS, KEY, MOMENT)
    keep_out(door.connection, [classes_of(door.contracts[feed]) for feed in ("order_lines", "returns")], KEY)
    (his,), (hers,) = door.rows("order_ref")
    assert hers == "W12-20240105-1"
    assert str(his).startswith("erased-")
    assert len(str(his)) == 31
    assert door.rows("order_ref, return_ref", "returns") == [(his, "R1")]
    kept = door.rows("*")
    door.put("order_old.csv", text + "\n")
    assert _load(door, "order_lines").rows_accepted == 0
    assert door.rows("*") == kept


def test_his_key_has_to_be_there(door: Door) -> None:
    bury(door.connection, HIS, KEY, MOMENT)
    door.put("customers.csv", CUSTOMERS + "\n" + _customer("W1"))
    for key in (None, PseudonymKey(b"n" * 32)):
        with pytest.raises(StellaError, match="RETIRED"):
            _load(door, "customers", key)
    assert door.rows("*", "customers") == []
    assert _load(door, "customers", PseudonymKey(b"n" * 32, (KEY.current,))).rows_accepted == 0
    assert door.rows("*", "customers") == []


def test_a_column_that_a_contract_gets_later_does_not_bring_him_back(door: Door) -> None:
    full = door.contracts
    customers = full["customers"]
    less = replace(customers, columns=tuple(c for c in customers.columns if c.name != "email"))
    door.contracts = {**full, "customers": less}
    door.put("customers.csv", CUSTOMERS + "\n" + _customer("W9", "Anna@x.it") + _customer("W4", "bea@x.it"))
    _load(door, "customers")
    bury(door.connection, HIS, KEY, MOMENT)
    door.contracts = full
    _load(door, "customers")
    assert door.rows("customer_ref, email", "customers") == [("W4", "bea@x.it")]
    assert "nna@x.it" not in _everything(door)
