# ruff: noqa: E501 - a row of a table of cases is easier read on one line
"""Files of every kind, sound and unsound: what is read, on which line, and what is said of the rest."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from duckdb_extensions import import_extension

from dagster_project.ingestion import batches
from dagster_project.ingestion.contracts import Contract
from dagster_project.ingestion.feed_run import FeedRun
from dagster_project.ingestion.storing import Stored
from dagster_project.settings import StellaError
from tests.unit.ingestion.door import ORDER, Door, order, orders

ONE = orders(order("A1"), order("A2"))
KEPT = [("A1", 2), ("A2", 3)]


def _zip(**members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return packed.getvalue()


def packed(content: bytes) -> bytes:
    """Compress by gzip without the time of day, so that tests keep their names."""
    return gzip.compress(content, mtime=0)


def _zstd(text: str) -> bytes:
    return pa.compress(text.encode(), codec="zstd", asbytes=True)


def _semicolons(text: str) -> str:
    return text.replace(",", ";")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("order.csv", ONE),
        ("order.csv", ONE.rstrip("\n")),
        ("order.csv", ONE.replace("\n", "\r\n")),
        ("order.csv", ONE.replace("\n", "\r")),
        ("order.csv", b"\xef\xbb\xbf" + ONE.encode()),
        ("order.csv", ONE.encode("utf-16")),
        ("order.csv", ONE.encode("utf-16-le")),
        ("order.csv", ONE.encode("utf-16-be")),
        ("order.csv", ONE.encode("utf-32")),
        ("order.csv", _semicolons(ONE)),
        ("order.tsv", ONE.replace(",", "\t")),
        ("order.txt", ONE.replace(",", "|")),
        ("order.CSV", ONE),
        ("order.csv.gz", packed(ONE.encode())),
        ("order.csv.gz", packed(ONE[:60].encode()) + packed(ONE[60:].encode())),
        ("order.csv", packed(ONE.encode())),
        ("order.csv.gz", packed(b"\xef\xbb\xbf" + ONE.encode())),
        ("order.csv.gz", packed(ONE.encode("utf-16"))),
        ("order.csv.zst", _zstd(ONE)),
        ("order.csv.zip", _zip(**{"inner/order.csv": ONE})),
        ("order.csv", ONE.replace("source_system", '"Source System"').replace("line_number", "LINE-NUMBER")),
        ("order'; drop table x; --.csv", ONE),
        ('order "q" [1] {2} *?.csv', ONE),
        ("order\nnew.csv", ONE),
        ("order/../ordered.csv", ONE),
    ],
)  # fmt: skip
def test_a_csv_file_is_read_whatever_its_dress(door: Door, name: str, content: str | bytes) -> None:
    door.company("  order_lines: 'order*'")
    (door.landing / "order").mkdir()
    door.put(name, content)
    report = door.load()
    assert report.set_aside == []
    assert door.rows("order_ref, _line") == KEPT
    assert report.rows_in == report.rows_accepted == 2


def test_the_order_of_the_header_does_not_matter(door: Door) -> None:
    door.put("order.csv", "ordered_at,quantity,product_ref,order_ref,unit_price,line_number,source_system\n"
                          "2024-01-05,2,p1,A1,3,1,shop\n")  # fmt: skip
    door.load()
    assert door.rows("source_system, order_ref, line_number, quantity::int, product_ref") == [
        ("shop", "A1", 1, 2, "p1")
    ]


def test_western_text_that_is_not_utf8_is_read_and_told(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  customers: 'cust*'")
    names = ["Niccolò", "Forlì", "perché", "José Muñoz", "Müller", "Françoise", "Ångström", "città"] * 5
    text = "source_system,customer_ref,full_name\n" + "".join(f"crm,{n},{name}\n" for n, name in enumerate(names))
    door.put("cust.csv", text.encode("cp1252"))
    report = door.load("customers")
    assert [name for (name,) in door.rows("full_name", "customers")] == names
    assert any("read as cp125" in warning for warning in report.warnings)


def test_the_encoding_of_company_yml_wins(door: Door) -> None:
    door.company("  order_lines: 'order*'\n  customers: {files: 'cust*', options: {encoding: cp1251}}")
    door.put("cust.csv", "source_system,customer_ref,full_name\ncrm,1,Иван\n".encode("cp1251"))
    door.load("customers")
    assert door.rows("full_name", "customers") == [("Иван",)]


def test_an_unknown_encoding_is_told(door: Door) -> None:
    door.company("  order_lines: {files: 'order*', options: {encoding: utf-9}}")
    door.put("order.csv", ONE)
    assert "encoding 'utf-9' of company.yml is unknown" in door.load().set_aside[0][1]


def test_a_broken_byte_in_utf8_refuses_its_row_alone(door: Door) -> None:
    good = "".join(order(f"è{n}") + "\n" for n in range(20))
    door.put("order.csv", (ORDER + "\n" + good).encode() + order("B\xff").encode("latin-1") + b"\n")
    report = door.load()
    assert (report.rows_accepted, report.rows_quarantined) == (20, 1)
    assert door.refused() == [("ragged", None, 22)]


def test_a_few_letters_are_enough_to_tell_utf8(door: Door) -> None:
    door.put("order.csv", orders(order("Aé")).encode() + order("B").encode().replace(b"B", b"B\xff\xfe") + b"\n")
    door.load()
    assert door.rows("order_ref") == [("Aé",)]
    assert door.refused() == [("ragged", None, 3)]


def test_quoted_newlines_and_blank_lines_keep_the_lines_true(door: Door) -> None:
    door.put(
        "order.csv",
        f'{ORDER},note\n{order("A1")},"one\ntwo\n\nthree"\n\n\n{order("A2")},"say ""hi"""\n{order("A3", quantity="x")},z\n',
    )
    door.load()
    assert door.rows("order_ref, _line, _extra->>'note'") == [("A1", 2, "one\ntwo\n\nthree"), ("A2", 8, 'say "hi"')]
    assert door.refused() == [("type", "quantity", 9)]


def test_a_quote_within_a_field_is_a_letter(door: Door) -> None:
    door.put("order.csv", f'{ORDER},note\n{order("A1")},5" pipe\n{order("A2")},"6"" pipe"\n{order("A3")},ok\n')
    door.load()
    assert door.rows("order_ref, _line, _extra->>'note'") == [
        ("A1", 2, '5" pipe'),
        ("A2", 3, '6" pipe'),
        ("A3", 4, "ok"),
    ]


def test_a_quote_that_is_never_closed_costs_its_line_alone(door: Door) -> None:
    door.put(
        "order.csv", f'{ORDER},note\n{order("A1")},a\n{order("A2")},"lost\n{order("A3")},b\n{order("A4")},"c\nd"\n'
    )
    report = door.load()
    assert door.rows("order_ref, _line") == [("A1", 2), ("A3", 4), ("A4", 5)]
    assert door.refused("_rule, _line, _raw->>'_text'") == [("ragged", 3, f'{order("A2")},"lost')]
    assert (report.rows_in, report.rows_accepted, report.rows_quarantined) == (4, 3, 1)


def test_text_behind_a_closing_quote_costs_its_line_alone(door: Door) -> None:
    rows = [f'{order("A1")},"a\nb"', f'{order("A2")},"ab"c', f"{order('A3')},ok", f'{order("A4")},"x"y,']
    door.put("order.csv", f"{ORDER},note\n" + "\n".join(rows) + "\n")
    report = door.load()
    assert door.rows("order_ref, _line") == [("A1", 2), ("A3", 5)]
    assert door.refused("_rule, _line") == [("ragged", 4), ("ragged", 6)]
    assert report.rows_in == 4


def test_ragged_rows_are_refused_whole_with_their_line(door: Door) -> None:
    door.put("order.csv", orders(order("A1"), "shop,A2,1", order("A3") + ",more,and more", order("A4") + ","))
    door.load()
    assert door.rows("order_ref, _line") == [("A1", 2), ("A4", 5)]
    assert door.refused("_rule, _message, _line") == [
        ("ragged", "the row has fewer fields than the header", 3),
        ("ragged", "the row has more fields than the header", 4),
    ]
    assert door.one("select _raw->>'$._more_fields[1]' from quarantine.order_lines where _line = 4") == "and more"


def test_a_row_with_very_many_fields_is_refused_like_any_other(door: Door) -> None:
    door.put("order.csv", orders(order("A1"), ",".join("x" * 40), order("A3")))
    door.load()
    assert door.rows("order_ref, _line") == [("A1", 2), ("A3", 4)]
    assert door.refused("_rule, _line") == [("ragged", 3)]


def test_a_line_of_megabytes_is_read(door: Door) -> None:
    note = "x" * (5 << 20)
    door.put("order.csv", f"{ORDER},note\n{order('A1')},{note}\n{order('A2')},short\n")
    door.load()
    assert door.rows("order_ref, length(_extra->>'note')") == [("A1", len(note)), ("A2", 5)]


def test_a_record_of_megabytes_in_short_lines_is_read(door: Door) -> None:
    note = "a line of the note\n" * 300_000
    door.put("order.csv", f'{ORDER},note\n{order("A1")},"{note}"\n{order("A2")},x\n')
    report = door.load()
    assert (report.rows_accepted, report.rows_quarantined) == (2, 0)
    assert door.rows("order_ref, length(_extra->>'note'), _line") == [("A1", len(note), 2), ("A2", 1, 300_003)]


def test_a_file_for_which_memory_does_not_suffice_is_set_aside_alone(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = batches.judge_and_store

    def exhausted(run: FeedRun, *arguments: Any) -> Stored:
        if run.connection.execute("select 1 from landing_all where order_ref = 'A1'").fetchone():
            raise duckdb.OutOfMemoryException("failed to allocate data")
        return judge(run, *arguments)

    monkeypatch.setattr(batches, "judge_and_store", exhausted)
    door.put("order1.csv", ONE)
    door.put("order2.csv", orders(order("B1")))
    report = door.load()
    assert [name for name, _ in report.set_aside] == ["order1.csv"]
    assert "STELLA_MEMORY_LIMIT" in report.set_aside[0][1]
    assert door.rows("order_ref") == [("B1",)]


def test_thousands_of_columns_are_kept(door: Door) -> None:
    names = ",".join(f"c{n}" for n in range(2000))
    values = ",".join(str(n) for n in range(2000))
    door.put("order.csv", f"{ORDER},{names}\n{order('A1')},{values}\n")
    door.load()
    assert door.one("select _extra->>'c1999' from raw.order_lines") == "1999"


def test_columns_that_the_contract_does_not_know_are_kept_and_told(door: Door) -> None:
    door.put("order.csv", f"{ORDER},Note,_file,Note\n{order('A1')},hello,mine,again\n{order('A2')},,,\n")
    report = door.load()
    assert door.rows("_extra") == [('{"_file_2":"mine","Note":"hello","Note_2":"again"}',), (None,)]
    assert "kept in _extra, as the contract does not know them: _file_2, Note, Note_2" in report.warnings


def test_decimal_comma_and_formats_by_option(door: Door) -> None:
    door.company(
        "  order_lines: {files: 'order*', decimal: ',', date_format: '%d/%m/%Y', timestamp_format: '%d/%m/%Y %H:%M'}"
    )
    door.put("order.csv", _semicolons(ORDER) + "\nshop;A1;1;p1;1.234,5;0,99;31/12/2023 23:30\n")
    door.load()
    assert door.rows("quantity::varchar, unit_price::varchar, ordered_at::varchar") == [
        ("1234.5000", "0.9900", "2023-12-31 22:30:00+00")
    ]


def test_a_file_without_header_is_read_by_the_columns_of_company_yml(door: Door) -> None:
    door.company(f"  order_lines: {{files: 'order*', header: false, columns: [{ORDER}]}}")
    door.put("order.csv", order("A1") + "\n" + order("A2") + "\n")
    door.load()
    assert door.rows("order_ref, _line") == [("A1", 1), ("A2", 2)]


def test_json_lines(door: Door) -> None:
    row = '"source_system":"shop","order_ref":"%s","line_number":1,"product_ref":7,"quantity":1.5,"unit_price":"2"'
    lines = [
        "{" + row % "A1" + ',"ordered_at":"2024-01-05","tags":["a"],"deep":{"x":1}}',
        "",
        "{" + row % "A2" + ',"ordered_at":"2024-01-05","channel":null}',
        "{broken",
        "[1]",
        "{" + row % "A3" + ',"ordered_at":"2024-01-05"}',
    ]
    door.put("order.jsonl", "\r\n".join(lines))
    report = door.load()
    assert door.rows("order_ref, product_ref, _line") == [("A1", "7", 1), ("A2", "7", 3), ("A3", "7", 6)]
    assert door.refused("_rule, _message, _line, _raw->>'_text'") == [
        ("ragged", "the line is not a JSON object", 4, "{broken"), ("ragged", "the line is not a JSON object", 5, "[1]"),
    ]  # fmt: skip
    assert door.one("select _extra->>'deep' from raw.order_lines where order_ref = 'A1'") == '{"x":1}'
    assert report.rows_in == 5


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_array_is_read_too(door: Door, indent: int | None) -> None:
    rows = [dict(zip(ORDER.split(","), order(ref).split(","), strict=True)) for ref in ("A1", "A2")]
    door.put("order.json", json.dumps(rows, indent=indent))
    door.load()
    assert door.rows("order_ref, _line") == [("A1", 1), ("A2", 2)]


@pytest.mark.parametrize("content", ["[]", "[ ]\n", "\n\n"])
def test_json_without_rows_is_loaded_and_told(door: Door, content: str) -> None:
    door.put("order.json", content)
    report = door.load()
    assert (report.set_aside, report.rows_in) == ([], 0)
    assert report.warnings == ["order.json: it has no rows"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"order_ref": "A1"},', "its array is never closed: it is truncated"),
        ('["a", 1]', "nothing in it is a JSON object"),
        ("<html>\n</html>", "nothing in it is a JSON object"),
    ],
)
def test_json_that_holds_no_rows_is_set_aside(door: Door, content: str, reason: str) -> None:
    door.put("order.json", content)
    assert door.load().set_aside == [("order.json", reason)]


def test_compressed_json_lines(door: Door) -> None:
    row = '{"source_system":"s","order_ref":"A1","line_number":1,"product_ref":"p","quantity":1,"net_amount":1,"ordered_at":"2024-01-05"}\n'
    door.put("order.jsonl.gz", packed(row.encode()))
    door.put("order2.jsonl.zst", _zstd(row.replace("A1", "A2")))
    door.load()
    assert door.rows("order_ref") == [("A1",), ("A2",)]


def test_parquet_of_any_types(door: Door) -> None:
    target = str(door.landing / "order.parquet")
    door.connection.execute(
        "copy (select 'shop' as \"Source System\", 12.0::double as order_ref, 1.0::float as line_number, 7 as product_ref, "
        "2::hugeint as quantity, 1.005::double as unit_price, timestamp '2024-07-01 12:00:00' as ordered_at, "
        f"'a'::varchar as note, [1, 2] as tags union all select 'shop', 13, 1.5, 8, 1, 'nan'::double, null, null, null) to '{target}'"
    )
    door.load()
    assert door.rows("order_ref, line_number, product_ref, unit_price::varchar, ordered_at::varchar, _line") == [
        ("12", 1, "7", "1.0050", "2024-07-01 10:00:00+00", 1)
    ]
    assert door.refused() == [("type", "line_number", 2)]


def test_parquet_with_decimals_too_wide_for_the_engine(door: Door) -> None:
    rows = {
        "source_system": ["shop", "shop"], "order_ref": ["A1", "A2"], "line_number": [1, 1], "product_ref": ["p", "p"],
        "quantity": [1, 1], "net_amount": pa.array([Decimal("15.15"), Decimal("-0.01")], pa.decimal256(40, 2)),
        "ordered_at": ["2024-01-05", "2024-01-05"],
    }  # fmt: skip
    pq.write_table(pa.table(rows), door.landing / "order.parquet")
    door.load()
    assert door.rows("net_amount::varchar") == [("15.1500",), ("-0.0100",)]


def test_text_that_parquet_keeps_as_bytes(door: Door) -> None:
    refs = pa.array(["ü1".encode(), b"\xff2"], pa.binary())
    rows = {"store_ref": refs, "name": ["a", "b"]}
    door.company("  order_lines: 'order*'\n  stores: 'stores*'")
    pq.write_table(pa.table(rows), door.landing / "stores.parquet")
    door.load("stores")
    assert door.rows("store_ref, name", "stores") == [("ü1", "a"), ("\\xFF2", "b")]


def test_an_excel_sheet(door: Door) -> None:
    import_extension("excel", con=door.connection)
    door.connection.execute("load excel")
    door.company("  order_lines: 'order*'\n  customers: {files: 'cust*', sheet: People}")
    door.connection.execute(
        "copy (select 'crm' as source_system, 1 as customer_ref, date '1990-02-01' as birth_date, "
        "timestamp '2024-07-01 12:30:00' as registered_at, '007' as postcode union all "
        f"select 'crm', 2, date '2099-01-01', null, null) to '{door.landing / 'cust.xlsx'}' "
        "with (format xlsx, header true, sheet 'People')"
    )
    door.load("customers")
    assert door.rows("customer_ref, birth_date::varchar, registered_at::varchar, postcode, _line", "customers") == [
        ("1", "1990-02-01", "2024-07-01 10:30:00+00", "007", 2)
    ]
    assert door.refused(feed="customers") == [("range", "birth_date", 3)]


def _truncated_parquet(door: Door) -> bytes:
    path = door.folder / "whole.parquet"
    door.connection.execute(f"copy (select 1 as a from range(1000)) to '{path}'")
    return path.read_bytes()[:-200]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("order9.csv", b"", "it is empty"),
        ("order9.csv", b"\n\n", "it has no header"),
        ("order9.csv.gz", packed(ONE.encode() * 9)[:-30], "the gzip file is truncated"),
        ("order9.csv.gz", packed(ONE.encode() * 9)[:30] + b"rubbish" * 9, "the gzip file is damaged"),
        ("order9.csv.zst", _zstd(ONE * 50)[:-20], "the zstd file is truncated or damaged"),
        ("order9.csv.zip", _zip(a=ONE)[:-40], "the zip file is damaged"),
        ("order9.csv.zip", _zip(a=ONE, b=ONE), "the zip holds 2 files; one is wanted"),
        ("order9.csv", bytes(range(256)) * 40, "it is not text"),
        ("order9.jsonl", bytes(range(128, 256)) * 20, "it"),
        ("order9.parquet", b"PAR1 not really", "it is not a whole Parquet file"),
        ("order9.xlsx", b"PK\x03\x04 not really", "it is not an .xlsx workbook"),
        ("order9.xlsx", _zip(a="b"), "it is not an .xlsx workbook; save it as .xlsx"),
        ("order9.xls", b"old", "save"),
        ("order9.dat", b"x", "its name does not tell its format"),
        ("order9.csv", ONE.replace("quantity", "quantities"), "it lacks the required column quantity"),
        ("order9.csv", "a,b\n1,2\n", "it lacks the required columns source_system, order_ref"),
        ("order9.json", "[{]", "it is not JSON that can be read"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_set_aside_and_the_rest_goes_on(
    door: Door, name: str, content: str | bytes, reason: str
) -> None:
    door.put("order1.csv", ONE)
    door.put(name, content)
    report = door.load()
    assert [file for file, _ in report.set_aside] == [name]
    assert reason in report.set_aside[0][1]
    assert door.rows("order_ref, _line") == KEPT
    assert door.one("select reason from raw._load where status = 'set_aside'") == report.set_aside[0][1]
    assert name in (door.settings.set_aside / "order_lines.csv").read_text()


def test_a_truncated_parquet_file_is_set_aside(door: Door) -> None:
    door.put("order1.parquet", _truncated_parquet(door))
    assert "not a whole Parquet file" in door.load().set_aside[0][1]


def test_a_header_without_rows_is_loaded_and_told(door: Door) -> None:
    door.put("order.csv", ORDER + "\n")
    report = door.load()
    assert (report.set_aside, report.rows_in) == ([], 0)
    assert report.warnings == ["order.csv: it has no rows"]


@pytest.mark.parametrize("name", ["order.csv.gz", "order.csv"])
def test_a_bomb_is_stopped_by_the_size_limit(door: Door, name: str) -> None:
    door.knobs["max_file_bytes"] = 1 << 20
    text = (ORDER + "\n" + "0" * (3 << 20)).encode()
    door.put(name, packed(text) if name.endswith("gz") else text)
    ((_, reason),) = door.load().set_aside
    assert "larger than 1,048,576 bytes uncompressed; raise STELLA_MAX_FILE_BYTES" in reason


def test_a_file_put_right_comes_in_and_leaves_the_list(door: Door) -> None:
    door.put("order.csv", "rubbish\n1\n")
    assert door.load().set_aside
    door.put("order.csv", ONE)
    assert door.load().set_aside == []
    assert door.rows("order_ref, _line") == KEPT
    assert not (door.settings.set_aside / "order_lines.csv").exists()


def test_hidden_files_and_folders_are_passed_over(door: Door) -> None:
    door.put(".order.csv", ONE)
    door.put("order1.csv", ONE)
    (door.landing / "order2").mkdir()
    assert door.load().files == ["order1.csv"]


def test_no_file_for_the_required_feed_is_told(door: Door) -> None:
    with pytest.raises(StellaError, match=r"company\.yml: order_lines: no file matches order\*"):
        door.load()


def test_a_feed_that_the_company_lacks_is_empty(door: Door, contracts: dict[str, Contract]) -> None:
    assert door.load("returns").files == []
    for feed in contracts:
        assert door.rows("*", feed) == []
        assert door.rows("*", feed, "quarantine") == []


def test_files_of_several_kinds_make_one_feed(door: Door) -> None:
    door.company("  order_lines: ['order/2024/*', 'more/**/*.csv']")
    door.put("order/2024/a.csv", orders(order("A1")))
    door.put("order/2024/b.csv", _semicolons(orders(order("A2"), header=ORDER.upper())))
    door.put("more/deep/er/c.csv", f"{ORDER},extra\n{order('A3')},x\n")
    report = door.load()
    assert report.rows_accepted == 3
    assert door.rows("order_ref, _file") == [
        ("A3", "more/deep/er/c.csv"),
        ("A1", "order/2024/a.csv"),
        ("A2", "order/2024/b.csv"),
    ]


def test_a_large_file_is_loaded_as_it_streams(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_project.ingestion.loading.BATCH_BYTES", 10)
    rows = [order(f"A{n}") for n in range(50)]
    door.put("order1.csv", orders(*rows, order("A7"), order("B", quantity="x"), "ragged"))
    report = door.load()
    assert (report.rows_in, report.rows_accepted, report.rows_quarantined, report.rows_unchanged) == (53, 50, 2, 1)
    assert door.refused() == [("type", "quantity", 53), ("ragged", None, 54)]
    door.put("order2.csv", orders(*rows[:10], order("A7", price="11")))
    report = door.load()
    assert (report.rows_in, report.rows_accepted, report.rows_unchanged) == (11, 1, 10)


def test_a_damaged_large_file_is_mended_too(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_project.ingestion.loading.BATCH_BYTES", 10)
    door.put("order1.csv", f'{ORDER},note\n{order("A1")},"ab"c\n{order("A2")},ok\n')
    report = door.load()
    assert report.set_aside == []
    assert door.rows("order_ref, _line") == [("A2", 3)]
    assert door.refused("_rule, _line") == [("ragged", 2)]


def test_a_file_that_is_being_written_is_left_for_the_next_run(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    path = door.put("order.csv", orders(order("A1")))
    judge = batches.judge_and_store

    def slow(*args: object, **kwargs: object) -> object:
        with path.open("a") as out:
            out.write(order("A2") + "\n")
        return judge(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "judge_and_store", slow)
    assert "still being written" in door.load().set_aside[0][1]
    assert door.rows("order_ref") == []
    monkeypatch.undo()
    door.load()
    assert door.rows("order_ref") == [("A1",), ("A2",)]


def test_the_scratch_folder_is_left_empty(door: Door) -> None:
    door.put("order.csv", ONE.encode("utf-16"))
    door.load()
    assert list((door.settings.company_home / "spill").iterdir()) == []
    assert door.one("select count(*) from duckdb_tables() where temporary") == 0
    assert door.one("select count(*) from duckdb_views() where temporary and not internal") == 0
