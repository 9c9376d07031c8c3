"""What is new, what is known, what is a correction."""

from __future__ import annotations

import os
import time
from decimal import Decimal

import pytest

from dagster_project.ingestion import loading
from dagster_project.ingestion.store import prepare
from dagster_project.settings import StellaError
from tests.unit.ingestion.door import ORDER, Door, order, orders


def test_loading_twice_changes_nothing(door: Door) -> None:
    door.put("order.csv", orders(order("A1"), order("A2", quantity="x")))
    door.load()
    before = door.rows("*"), door.rows("*", schema="quarantine")
    report = door.load()
    assert (report.rows_in, report.rows_accepted, report.rows_quarantined) == (0, 0, 0)
    assert (door.rows("*"), door.rows("*", schema="quarantine")) == before


def test_a_copy_under_another_name_is_known(door: Door) -> None:
    door.put("order1.csv", orders(order("A1")))
    door.put("order2.csv", orders(order("A1")))
    for _ in range(3):
        door.load()
    assert door.rows("order_ref, _file") == [("A1", "order1.csv")]
    assert door.one("select count(*) from raw._load where status = 'already_loaded' and file = 'order2.csv'") == 1


def test_a_copy_noted_before_its_content_was_loaded_keeps_nothing_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run may be killed between the two: then neither file has been loaded."""
    for name in ("order1.csv", "order2.csv"):
        path = door.put(name, orders(order("A1")))
        os.utime(path, (time.time() - 60, time.time() - 60))

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(loading, "load_batch", end)
        with pytest.raises(KeyboardInterrupt):
            door.load()
    assert door.one("select count(*) from raw._load where status = 'already_loaded'") == 1
    assert door.rows("order_ref") == []
    door.load()
    assert door.rows("order_ref, _file") == [("A1", "order1.csv")]
    assert door.load().rows_in == 0


def test_an_untouched_file_is_not_read_again(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    path = door.put("order.csv", orders(order("A1")))
    os.utime(path, (time.time() - 60, time.time() - 60))
    door.load()

    def fail(_: object) -> str:
        raise AssertionError("the file was read")

    monkeypatch.setattr("dagster_project.ingestion.loading.content_hash", fail)
    assert door.load().rows_in == 0


def test_a_file_just_written_is_read_again_however_alike_it_looks(door: Door) -> None:
    path = door.put("order.csv", orders(order("A1", quantity="1")))
    stat = path.stat()
    door.load()
    door.put("order.csv", orders(order("A1", quantity="2")))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert door.load().rows_accepted == 1


def test_a_changed_file_of_the_same_name_is_a_correction(door: Door) -> None:
    door.put("order.csv", orders(order("A1"), order("A2"), order("A3", quantity="x")))
    door.load()
    door.put("order.csv", orders(order("A1", price="11"), order("A2"), order("A3", quantity="3")))
    report = door.load()
    assert (report.rows_in, report.rows_accepted, report.rows_unchanged) == (3, 2, 1)
    latest = (
        "select order_ref, unit_price::int from raw.order_lines "
        "qualify row_number() over (partition by order_ref order by _loaded_at desc) = 1 order by 1"
    )
    assert door.connection.execute(latest).fetchall() == [("A1", 11), ("A2", 10), ("A3", 10)]
    assert door.one("select count(*) from raw.order_lines") == 4


def test_a_value_that_goes_back_is_a_correction_again(door: Door) -> None:
    for number, price in enumerate(["10", "11", "10"]):
        door.put(f"order{number}.csv", orders(order("A1", price=price), header=ORDER + " " * number))
        door.load()
    assert [int(price) for (price,) in door.rows("unit_price")] == [10, 11, 10]


def test_a_dated_row_that_goes_back_is_a_correction_again_but_an_old_one_is_no_news(door: Door) -> None:
    """The later load wins among rows of one date; what is said again of an earlier date says nothing new."""
    for number, (price, dated) in enumerate([("10", 1), ("11", 1), ("10", 1), ("12", 2), ("10", 1)]):
        row = f"{order('A1', price=price)},2024-02-0{dated}"
        door.put(f"order{number}.csv", orders(row, header=ORDER + ",updated_at" + " " * number))
        door.load()
    assert [int(price) for (price,) in door.rows("unit_price")] == [10, 11, 10, 12]


def test_repeats_within_a_file_are_dropped_and_later_lines_win(door: Door) -> None:
    rows = [order("A1"), order("A1"), order("A1", price="11"), order("A1", price="11"), order("A1"), order("A2")]
    door.put("order.csv", orders(*rows))
    report = door.load()
    assert door.rows("order_ref, unit_price::int, _line") == [
        ("A1", 10, 2),
        ("A1", 11, 4),
        ("A1", 10, 6),
        ("A2", 10, 7),
    ]
    assert (report.rows_in, report.rows_accepted, report.rows_unchanged) == (6, 4, 2)


def test_repeats_within_a_later_file_are_dropped_too(door: Door) -> None:
    door.put("order1.csv", orders(order("A1")))
    door.load()
    door.put("order2.csv", orders(order("A1"), order("A1", price="11"), order("A1"), order("A1")))
    report = door.load()
    assert door.rows("unit_price::int, _file, _line") == [
        (10, "order1.csv", 2),
        (11, "order2.csv", 3),
        (10, "order2.csv", 4),
    ]
    assert (report.rows_in, report.rows_accepted, report.rows_unchanged) == (4, 2, 2)


def test_an_older_version_that_is_known_is_not_news(door: Door) -> None:
    head = ORDER + ",updated_at\n"
    first, second = order("A1") + ",2024-01-01\n", order("A1", price="11") + ",2024-02-01\n"
    door.put("order1.csv", head + first + second)
    door.load()
    door.put("order2.csv", head + first)
    assert door.load().rows_unchanged == 1
    door.put("order3.csv", head + order("A1", price="9") + ",2023-12-01\n")
    assert door.load().rows_accepted == 1


def test_a_key_with_null_parts_is_a_key(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  market_benchmarks: 'market*'")
    door.put("market1.csv", "metric,period_start,region,category,value\nindex,2024-01-01,,,1\nindex,2024-01-01,IT,,2\n")
    door.load("market_benchmarks")
    door.put("market2.csv", "metric,period_start,region,category,value\nindex,2024-01-01,,,1\nindex,2024-01-01,IT,,3\n")
    report = door.load("market_benchmarks")
    assert (report.rows_unchanged, report.rows_accepted) == (1, 1)


def test_the_moment_of_a_load_never_goes_back(door: Door) -> None:
    door.put("order1.csv", orders(order("A1")))
    door.load()
    door.connection.execute("update raw._load set loaded_at = loaded_at + interval 1 year")
    door.connection.execute("update raw.order_lines set _loaded_at = _loaded_at + interval 1 year")
    door.put("order2.csv", orders(order("A1", price="11")))
    door.load()
    assert door.one("select unit_price::int from raw.order_lines order by _loaded_at desc limit 1") == 11


def test_rows_and_money_are_accounted_for(door: Door) -> None:
    header = ORDER + ",net_amount"
    door.put(
        "order1.csv", orders(order("A1") + ",9.50", order("A2") + ",", order("A3", quantity="x") + ",4", header=header)
    )
    door.put("order2.csv", orders(order("A1") + ",9.50", order("B1") + ",1", header=header))
    door.load()
    columns = (
        "file, rows_in, rows_accepted, rows_quarantined, rows_unchanged, amount_in, amount_accepted, amount_quarantined"
    )
    assert door.connection.execute(f"select {columns} from raw._load order by file").fetchall() == [
        ("order1.csv", 3, 2, 1, 0, Decimal("23.5000"), Decimal("19.5000"), Decimal("4.0000")),
        ("order2.csv", 2, 1, 0, 1, Decimal("10.5000"), Decimal("1.0000"), None),
    ]


def test_batches_of_any_size_end_alike(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def content() -> list[tuple[object, ...]]:
        return door.rows("* exclude (_loaded_at)")

    for number in range(6):
        extra = ",note" if number % 2 else ""
        value = ",n" if number % 2 else ""
        rows = [order(f"A{n}", price=str(n + number // 3)) + value for n in range(number, number + 4)]
        door.put(f"order{number}.csv", orders(*rows, header=ORDER + extra))
    door.load()
    together = content()
    for table in ("raw.order_lines", "raw._load"):
        door.connection.execute(f"delete from {table}")
    monkeypatch.setattr("dagster_project.ingestion.loading.BATCH_BYTES", 1)
    door.load()
    assert content() == together


def test_a_failing_load_leaves_nothing_behind(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.put("order.csv", orders(order("A1")))

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dagster_project.ingestion.batches.register", fail)
    with pytest.raises(KeyboardInterrupt):
        door.load()
    assert door.rows("*") == []
    monkeypatch.undo()
    assert door.load().rows_accepted == 1


def test_a_column_of_another_type_is_told(door: Door) -> None:

    door.connection.execute("alter table raw.agents alter column team type bigint")
    with pytest.raises(StellaError, match=r"raw\.agents\.team is BIGINT and its contract now says VARCHAR"):
        prepare(door.connection, door.contracts)


def test_every_batch_of_a_run_is_accounted_for_by_itself(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "BATCH_BYTES", 10)
    for name in ("order1.csv", "order2.csv", "order3.csv"):
        door.put(name, orders(order(f"{name}a"), order(f"{name}b", quantity="many"), order(f"{name}c")))
    report = door.load()
    assert (report.rows_in, report.rows_accepted, report.rows_quarantined, report.rows_unchanged) == (9, 6, 3, 0)
    register = (
        "select file, rows_in, rows_accepted, rows_unchanged, amount_accepted::double from raw._load order by file"
    )
    assert door.connection.execute(register).fetchall() == [(f"order{n}.csv", 3, 2, 0, 20.0) for n in (1, 2, 3)]
