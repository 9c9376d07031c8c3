"""A contract that wins or loses columns: what was loaded before follows it, and nothing becomes silently null."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from dagster_project.ingestion.contracts import Column, Contract
from tests.unit.ingestion.door import ORDER, Door, order, orders


def _column(name: str, kind: str = "string", **more: Any) -> Column:
    return Column(name, kind, required=False, key_position=None, privacy="none", description="New.", **more)


def _with(contract: Contract, *columns: Column) -> Contract:
    """Put new columns second: their place in a contract says nothing."""
    return replace(contract, columns=(contract.columns[0], *columns, *contract.columns[1:]))


def _win(door: Door, *columns: Column, feed: str = "order_lines") -> None:
    door.contracts = {**door.contracts, feed: _with(door.contracts[feed], *columns)}


def _rebuilt(door: Door) -> list[tuple[Any, ...]]:
    """What `raw` holds when the whole landing folder is loaded into an empty warehouse."""
    fresh = duckdb.connect(":memory:")
    again = replace(door, connection=fresh, folder=door.folder / "again")
    (again.folder / "company.yml").write_text((door.folder / "company.yml").read_text())
    for file in sorted(p for p in door.landing.rglob("*") if p.is_file()):
        again.put(file.name, file.read_bytes())
        again.load()
    return again.rows("* exclude (_loaded_at)")


def test_a_new_column_is_filled_for_the_history(door: Door) -> None:
    door.put("order1.csv", orders(order("A1") + ",3,red", order("A2") + ",,", header=ORDER + ",Gift-Points,colour"))
    report = door.load()
    assert "kept in _extra, as the contract does not know them: colour, Gift-Points" in report.warnings
    _win(door, _column("gift_points", "integer"))
    door.put("order2.csv", orders(order("A3") + ",5", header=ORDER + ",gift_points"))
    report = door.load()
    assert "gift_points: filled from _extra for 1 row loaded before" in report.warnings
    assert door.rows("order_ref, gift_points, _extra::varchar") == [
        ("A1", 3, '{"colour":"red"}'),
        ("A2", None, None),
        ("A3", 5, None),
    ]
    assert door.rows("* exclude (_loaded_at)") == _rebuilt(door)
    assert not door.load().warnings


def test_what_is_delivered_again_is_no_news(door: Door) -> None:
    """Under another name, in a file of other content: only its rows tell that it is known."""
    rows, header = [order("A1") + ",3", order("A2") + ","], ORDER + ",points"
    door.put("order1.csv", orders(*rows, header=header))
    door.load()
    _win(door, _column("points", "decimal"))
    door.put("order2.csv", orders(*rows, order("A3") + ",7", header=header))
    report = door.load()
    assert (report.rows_unchanged, report.rows_accepted) == (2, 1)
    door.put("order3.csv", orders(order("A1") + ",4", header=header))
    assert door.load().rows_accepted == 1


def test_a_value_that_does_not_fit_stays_and_is_told(door: Door) -> None:
    values = ["3", "many", "-1", "2.5"]
    door.put("order.csv", orders(*(order(f"A{n}") + f",{v}" for n, v in enumerate(values)), header=ORDER + ",points"))
    door.load()
    _win(door, _column("points", "integer", minimum=0))
    report = door.load()
    assert door.rows("points, _extra->>'points'") == [(3, None), (None, "many"), (None, "-1"), (None, "2.5")]
    assert report.warnings == [
        "points: filled from _extra for 1 row loaded before",
        "2 rows loaded before: points is not a whole number; the value stays in _extra",
        "1 row loaded before: points is less than 0; the value stays in _extra",
    ]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "  A 7 ", "A 7"),
        ("decimal", "1.234,50", Decimal("1234.5000")),
        ("integer", "12,0", 12),
        ("boolean", "sì", True),
        ("date", "05/01/2024", date(2024, 1, 5)),
        ("timestamp", "2024-01-05 10:00:00", datetime(2024, 1, 5, 9, tzinfo=UTC)),
        ("list", "a| b", ["a", "b"]),
        ("json", '{"a": 1}', '{"a": 1}'),
    ],
)
def test_history_is_typed_as_a_file_is(door: Door, kind: str, text: str, value: object) -> None:
    """By the feed's own options, in the company's time zone."""
    door.company("  order_lines: {files: 'order*', decimal: ',', date_format: '%d/%m/%Y', delimiter: ';'}")
    quoted = text.replace('"', '""')
    door.put("order.csv", f"{ORDER};more\n{order('A1')};more\n".replace(",", ";").replace("5;more", f'5;"{quoted}"'))
    door.load()
    _win(door, _column("more", kind))
    door.load()
    assert door.rows("more, _extra") == [(value, None)]
    assert door.rows("* exclude (_loaded_at)") == _rebuilt(door)


@pytest.mark.parametrize(
    ("sql", "kind", "value"),
    [
        ("12.0::double", "string", "12"),
        ("1.5::double", "decimal", Decimal("1.5000")),
        ("timestamptz '2024-01-05 10:00:00+02'", "timestamp", datetime(2024, 1, 5, 8, tzinfo=UTC)),
        ("['a', 'b|c']", "list", ["a", "b|c"]),
        ("{'a': 1}", "json", '{"a":1}'),
        ("true", "boolean", True),
        ("date '2024-01-05'", "date", date(2024, 1, 5)),
    ],
)
def test_typed_files_keep_their_types_meaning(door: Door, sql: str, kind: str, value: object) -> None:
    """The decimal comma of the feed's texts is none of a number's."""
    door.company("  order_lines: {files: 'order*', decimal: ','}")
    columns = (
        f"'shop' as source_system, 'A1' as order_ref, 1 as line_number, 'p1' as product_ref, 1 as quantity, "
        f"10 as unit_price, timestamptz '2024-01-05' as ordered_at, {sql} as more"
    )
    duckdb.execute(f"copy (select {columns}) to '{door.landing / 'order.parquet'}'")
    door.load()
    _win(door, _column("more", kind))
    door.load()
    assert door.rows("more, _extra") == [(value, None)]


@pytest.mark.parametrize("sql", ["'nan'::double", "'inf'::double", "json('1e400')", "json('[1, {}]')", "'\\x00'::blob"])
@pytest.mark.parametrize("kind", ["string", "decimal", "integer", "timestamp", "list", "json"])
def test_the_oddest_value_ends_no_load(door: Door, sql: str, kind: str) -> None:
    columns = (
        "'shop' as source_system, 'A1' as order_ref, 1 as line_number, 'p1' as product_ref, 1 as quantity, "
        f"10 as unit_price, timestamptz '2024-01-05' as ordered_at, {sql} as more"
    )
    duckdb.execute(f"copy (select {columns}) to '{door.landing / 'order.parquet'}'")
    assert not door.load().set_aside
    _win(door, _column("more", kind))
    door.load()
    assert door.rows("count(*)", "order_lines group by _file, _line, _loaded_at") == [(1,)]
    assert door.one("select count(*) from raw.order_lines where (more is null) = (_extra is null)") == 0


def test_codes_and_derived_columns_of_the_history(door: Door) -> None:
    header = ORDER + ",colour,twice"
    rows = [order("A1", price="2") + ",rosso,9", order("A2", price="3") + ",mauve,", order("A3") + ",red,x"]
    door.put("order.csv", orders(*rows, header=header))
    door.load()
    wins = _with(door.contracts["order_lines"], _column("colour", values=("red", "blue")), _column("twice", "decimal"))
    derived = {**wins.derived, "twice": "unit_price * 2"}
    door.contracts = {**door.contracts, "order_lines": replace(wins, derived=derived)}
    door.company(more="codes:\n  colour: {rosso: red}")
    report = door.load()
    assert door.rows("colour, twice::int, _extra::varchar") == [
        ("red", 9, None), (None, 6, '{"colour":"mauve"}'), ("red", 20, '{"twice":"x"}')
    ]  # fmt: skip
    assert "1 row loaded before: colour is none of red, blue; the value stays in _extra" in report.warnings


def test_several_spellings_are_one_column(door: Door) -> None:
    door.put("order1.csv", orders(order("A1") + ",a", header=ORDER + ",Gift Note"))
    door.put("order2.csv", orders(order("A2") + ",b,c", header=ORDER + ",gift_note,gift-note"))
    door.load()
    _win(door, _column("gift_note"))
    door.load()
    assert door.rows("gift_note, _extra::varchar") == [("a", None), ("b", '{"gift-note":"c"}')]
    assert door.rows("* exclude (_loaded_at)") == _rebuilt(door)


def test_a_lost_column_goes_to_extra_and_comes_back(door: Door) -> None:
    door.put("order.csv", orders(order("A1") + ",web", order("A2") + ",", header=ORDER + ",channel"))
    door.load()
    before, full = door.rows("*"), door.contracts
    lines = full["order_lines"]
    less = replace(lines, columns=tuple(c for c in lines.columns if c.name != "channel"))
    door.contracts = {**full, "order_lines": less}
    assert door.load().warnings == ["channel: the contract no longer has it; what was loaded is in _extra"]
    assert door.rows("_extra->>'channel'") == [("web",), (None,)]
    door.contracts = full
    door.load()
    assert door.rows("*") == before


def test_a_feed_that_the_company_does_not_send_has_the_column_too(door: Door) -> None:
    _win(door, _column("floor"), feed="agents")
    door.load("agents")
    assert door.rows("floor", "agents") == []


def test_a_load_that_fails_leaves_the_history_as_it_was(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.put("order.csv", orders(order("A1") + ",3", header=ORDER + ",points"))
    door.load()
    before = door.rows("*")
    _win(door, _column("points", "integer"))
    monkeypatch.setattr("dagster_project.ingestion.new_columns._in_line", lambda *_: "select * from raw.nothing")
    with pytest.raises(duckdb.Error):
        door.load()
    assert door.rows("*") == before


def test_an_alien_type_is_converted_or_quarantined(door: Door) -> None:
    """Whatever the type of a file's value, and of its column: none that is there becomes null."""
    values = [
        "'x'", "''", "7", "7.5::double", "'nan'::double", "1e300::double", "123456789012345678901234567890::hugeint",
        "1.5::decimal(9, 2)", "true", "date '2024-01-05'", "time '10:00'", "timestamp '2024-01-05 10:00:00'",
        "timestamptz '2024-01-05 10:00:00+00'", "['a', 'b']", "[1, 2]", "{'a': 1}", "map {'k': 1}", "'ab'::blob",
        "interval 1 day", "uuid()", "4::utinyint", "'{\"a\": 1}'", "'[1]'", "'2024-01-05'", "'yes'", "'0x1F'", "'1_0'",
    ]  # fmt: skip
    kinds = ["string", "decimal", "integer", "boolean", "date", "timestamp", "list", "json"]
    _win(door, *(_column(f"v_{kind}", kind) for kind in kinds))
    base = "'shop' as source_system, 1 as line_number, 'p1' as product_ref, 1 as quantity, 10 as unit_price"
    refused = 0
    for at, value in enumerate(values):
        cells = ", ".join(f"case when r.n = {n} then {value} end as v_{kind}" for n, kind in enumerate(kinds))
        rows = f"select {base}, '{at}_' || r.n as order_ref, timestamptz '2024-01-05' as ordered_at, {cells}"
        duckdb.execute(f"copy ({rows} from range({len(kinds)}) as r (n)) to '{door.landing / f'order_{at}.parquet'}'")
        report = door.load()
        assert not report.set_aside, value
        assert report.rows_accepted + report.rows_quarantined == len(kinds), value
        refused += report.rows_quarantined
    nothing = " and ".join(f"v_{kind} is null" for kind in kinds)
    lost = door.connection.execute(f"select order_ref from raw.order_lines where {nothing}").fetchall()
    empty = values.index("''")
    assert {ref for (ref,) in lost} == {f"{empty}_{n}" for n in range(len(kinds))}
    assert 0 < refused < len(values) * len(kinds)
