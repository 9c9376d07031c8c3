"""Whoever has a tombstone is taken out of raw, however often he comes in again; others and the accounts stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.tombstones import FeedClasses, Identifier, bury, keep_out, rows_of

KEY = PseudonymKey(b"k" * 32)
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
FEEDS = [
    FeedClasses(
        "customers", False, frozenset({"email", "phone"}), frozenset({"customer_ref"}),
        ("source_system", "customer_ref", "email", "phone"),
    ),
    FeedClasses(
        "order_lines", True, frozenset({"visitor_ref"}), frozenset({"order_ref"}),
        ("source_system", "order_ref", "customer_ref", "visitor_ref", "net_amount"),
    ),
    FeedClasses(
        "social_posts", False, frozenset({"handle", "target_handle"}), frozenset({"handle"}),
        ("platform", "handle", "target_handle"),
    ),
    FeedClasses(
        "campaign_contacts", True, frozenset(), frozenset({"customer_ref"}), ("source_system", "customer_ref", "cost"),
    ),
]  # fmt: skip
HIS = [
    Identifier("record", "shop", "W1"),
    Identifier("email", "", "Anna@x.it"),
    Identifier("phone", "", "+39 333 1234567"),
    Identifier("handle", "x", "@anna_1"),
    Identifier("visitor", "", "v1"),
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema raw")
        opened.execute(
            "create table raw.customers as select * from (values ('shop', 'W1', 'anna@x.it', null, 'h'),"
            " ('crm', 'W1', 'other@x.it', null, 'h'), ('crm', 'C2', ' ANNA@X.IT', null, 'h'),"
            " ('crm', 'C3', null, '39 333 123-4567', 'h'), ('crm', 'C4', null, null, 'h'))"
            " as t (source_system, customer_ref, email, phone, _row_hash)"
        )
        opened.execute(
            "create table raw.order_lines as select * from (values ('shop', 'O1', 'W1', 'v0', 10.0, 'h'),"
            " ('shop', 'O2', 'W9', 'v1', 5.0, 'h'), ('shop', 'O3', 'W9', 'v9', 2.5, 'h'))"
            " as t (source_system, order_ref, customer_ref, visitor_ref, net_amount, _row_hash)"
        )
        opened.execute(
            "create table raw.social_posts as select * from (values ('x', 'anna_1', null, 'h'),"
            " ('x', 'berta', 'Anna_1', 'h')) as t (platform, handle, target_handle, _row_hash)"
        )
        opened.execute(
            "create table raw.campaign_contacts as select 'shop' as source_system, 'W1' as customer_ref, 1.5 as cost,"
            " 'h' as _row_hash"
        )
        for feed in FEEDS:
            opened.execute(f"alter table raw.{feed.name} add column _extra json")
        yield opened


def _all(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query).fetchall()


def test_his_rows_go_and_the_accounts_stay_without_him(connection: duckdb.DuckDBPyConnection) -> None:
    assert bury(connection, HIS, KEY, MOMENT) == 5
    taken = keep_out(connection, FEEDS, KEY)
    assert taken == {"customers": 3, "order_lines": 2, "social_posts": 2, "campaign_contacts": 1}
    left = _all(connection, "select source_system, customer_ref from raw.customers order by 2")
    assert left == [("crm", "C4"), ("crm", "W1")]
    orders = _all(connection, "select order_ref, customer_ref, visitor_ref, net_amount from raw.order_lines order by 1")
    assert [row[:3] for row in orders] == [("O1", None, None), ("O2", None, None), ("O3", "W9", "v9")]
    assert sum(float(str(row[3])) for row in orders) == 17.5
    assert _all(connection, "select handle, target_handle from raw.social_posts") == [("berta", None)]
    assert _all(connection, "select customer_ref, cost::double from raw.campaign_contacts") == [("erased", 1.5)]


def test_an_old_file_brings_nobody_back_even_after_the_key_was_rotated(connection: duckdb.DuckDBPyConnection) -> None:
    bury(connection, HIS, KEY, MOMENT)
    keep_out(connection, FEEDS, KEY)
    connection.execute("insert into raw.customers values ('shop', 'W1', null, null, 'h', null)")
    rotated = PseudonymKey(b"n" * 32, (KEY.current,))
    assert keep_out(connection, FEEDS, PseudonymKey(b"n" * 32)) == {}
    assert keep_out(connection, FEEDS, rotated) == {"customers": 1}
    assert keep_out(connection, FEEDS, rotated) == {}


def test_no_identifier_can_be_read_from_a_tombstone(connection: duckdb.DuckDBPyConnection) -> None:
    bury(connection, HIS, KEY, MOMENT)
    for (text,) in _all(connection, "select identifier_hash from raw._tombstone"):
        assert len(str(text)) == 64
        assert not any(i.value.lower() in str(text) for i in HIS if len(i.value) > 2)


def test_the_hash_of_a_kept_row_confirms_no_guess(connection: duckdb.DuckDBPyConnection) -> None:
    guess = "to_hex(hash(source_system, order_ref, 'W1', 'v0', net_amount, cast(_extra as varchar)))"
    connection.execute(f"update raw.order_lines set _row_hash = {guess} where order_ref = 'O1'")
    bury(connection, HIS, KEY, MOMENT)
    keep_out(connection, FEEDS, KEY)
    kept = "to_hex(hash(source_system, order_ref, customer_ref, visitor_ref, net_amount, cast(_extra as varchar)))"
    said = _all(
        connection, f"select _row_hash = {guess}, _row_hash = {kept} from raw.order_lines where order_ref = 'O1'"
    )
    assert said == [(False, True)]
    assert _all(connection, "select _row_hash from raw.order_lines where order_ref = 'O3'") == [("h",)]


def test_what_is_kept_of_him_is_read_and_nothing_changes(connection: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(connection, FEEDS, HIS)
    assert {feed: len(rows) for feed, rows in found.items()} == {
        "customers": 3, "order_lines": 2, "social_posts": 1, "campaign_contacts": 1,
    }  # fmt: skip
    assert _all(connection, "select count(*) from raw.customers") == [(5,)]
