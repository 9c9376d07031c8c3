# ruff: noqa: E501 - a row of a table of cases is easier read on one line
"""A company's own columns, made into the contract's."""

from __future__ import annotations

import pytest

from dagster_project.settings import StellaError
from tests.unit.ingestion.door import Door

OWN = "Nr;Artikel;Menge;Betrag;Datum\n1;p1;2;9,50;05.01.2024\n2;p2;1;3,00;06.01.2024\n3;p1;x;1,00;07.01.2024\n"
MAPPING = """select
    'till' as source_system, Nr as order_ref, 1 as line_number, Artikel as product_ref,
    Menge as quantity, replace(Betrag, ',', '.') as net_amount, strptime(Datum, '%d.%m.%Y') as ordered_at
from landing
"""


def test_a_mapping_gives_the_contracts_columns_and_keeps_the_lines(door: Door) -> None:
    (door.folder / "order_lines.sql").write_text(MAPPING)
    door.put("orders.csv", OWN)
    report = door.load()
    assert door.rows("order_ref, net_amount::varchar, ordered_at::varchar, _file, _line") == [
        ("1", "9.5000", "2024-01-04 23:00:00+00", "orders.csv", 2),
        ("2", "3.0000", "2024-01-05 23:00:00+00", "orders.csv", 3),
    ]
    assert (report.rows_in, report.rows_accepted, report.rows_quarantined) == (3, 2, 1)
    assert door.refused() == [("type", "quantity", 4)]
    assert door.one("select _raw from quarantine.order_lines") == (
        '{"Nr":"3","Artikel":"p1","Menge":"x","Betrag":"1,00","Datum":"07.01.2024"}'
    )


def test_rows_that_cannot_be_read_go_past_the_mapping(door: Door) -> None:
    (door.folder / "order_lines.sql").write_text(MAPPING)
    door.put("orders.csv", OWN + "4;p\n")
    door.load()
    assert door.refused("_rule, _line") == [("type", 4), ("ragged", 5)]


@pytest.mark.parametrize(
    "text",
    [
        MAPPING + ";  -- the end",
        "with first as (select * from landing), second as (select *, Nr as n from first) " + MAPPING.replace("landing", "second"),
        "with t as (select l.Nr, l.Artikel, l.Menge, l.Betrag, l.Datum, row_number() over (order by Nr) as n from landing as l)\n"
        + MAPPING.replace("landing", "t"),
        MAPPING.replace("from landing", "from landing as l where Nr <> '9' order by extract(year from strptime(Datum, '%d.%m.%Y'))"),
        MAPPING.replace("from landing", ", landing._file, landing._line from landing"),
    ],
)  # fmt: skip
def test_lines_are_traced_through_steps_that_keep_rows(door: Door, text: str) -> None:
    (door.folder / "order_lines.sql").write_text(text)
    door.put("orders.csv", OWN)
    door.load()
    assert door.rows("order_ref, _line") == [("1", 2), ("2", 3)]


def test_a_mapping_that_groups_has_files_but_no_lines(door: Door) -> None:
    (door.folder / "order_lines.sql").write_text(
        "select 's' as source_system, 'all' as order_ref, 1 as line_number, Artikel as product_ref, count(*) as quantity, "
        "1 as net_amount, '2024-01-01' as ordered_at from landing group by Artikel having Artikel = 'p1'"
    )
    door.put("orders1.csv", OWN)
    door.load()
    assert door.rows("quantity::int, _file, _line") == [(2, "orders1.csv", None)]
    assert door.one("select rows_in from raw._load") == 1


def test_lookups_are_tables_of_their_own(door: Door) -> None:
    door.company(more="lookups: {product_map: {files: 'map*.csv'}}")
    (door.folder / "map.csv").write_text("own,ours\np1,X1\n")
    (door.folder / "order_lines.sql").write_text(
        MAPPING.replace("Artikel as product_ref", "coalesce(m.ours, l.Artikel) as product_ref")
        .replace("from landing", "from landing as l left join product_map as m on m.own = l.Artikel")
    )  # fmt: skip
    door.put("orders.csv", OWN)
    door.load()
    assert door.rows("product_ref, _line") == [("X1", 2), ("p2", 3)]


def test_a_lookup_without_file_is_told(door: Door) -> None:
    door.company(more="lookups: {product_map: {files: 'map*.csv'}}")
    (door.folder / "order_lines.sql").write_text(MAPPING)
    door.put("orders.csv", OWN)
    with pytest.raises(StellaError, match=r"company\.yml: lookup product_map: no file matches map\*\.csv"):
        door.load()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select\n  1 as a\nfrom landing\nwhere (", "order_lines.sql, line 4: not valid SQL"),
        ("select 1; select 2", "exactly one select"),
        ("delete from landing", "exactly one select"),
        ("create table x as select * from landing", "exactly one select"),
        ("", "exactly one select"),
        ("select * from raw.customers", "a mapping reads landing and company.yml's lookups only"),
        ("select * from read_csv('/etc/passwd')", "a mapping reads landing"),
        ("select * from '/etc/passwd'", "a mapping reads landing"),
        ("select\n  Nr,\n  Nummer as order_ref\nfrom landing", "order_lines.sql, line 3: Binder Error"),
        ("select\n  nonsense(Nr) as order_ref\nfrom landing", "order_lines.sql, line 2: Catalog Error"),
        ("select Nr as order_ref from landing", "it gives no column 'source_system', which is required"),
        (MAPPING.replace("Menge as quantity", "cast(Menge as integer) as quantity"), "Conversion Error"),
    ],
)  # fmt: skip
def test_a_broken_mapping_is_told_with_file_and_line(door: Door, text: str, message: str) -> None:
    (door.folder / "order_lines.sql").write_text(text)
    door.put("orders.csv", OWN)
    with pytest.raises(StellaError) as fault:
        door.load()
    assert str(door.folder / "order_lines.sql") in str(fault.value)
    assert message in str(fault.value)
    assert "'x'" not in str(fault.value)


def test_a_file_on_which_a_proven_mapping_fails_is_set_aside_alone(door: Door) -> None:
    (door.folder / "order_lines.sql").write_text(MAPPING)
    door.put("orders1.csv", OWN)
    door.load()
    door.put("orders2.csv", OWN.replace("Menge", "Anzahl"))
    door.put("orders3.csv", OWN.replace("1;p1;2", "9;p1;2"))
    report = door.load()
    assert [file for file, _ in report.set_aside] == ["orders2.csv"]
    assert "order_lines.sql, line 3: Binder Error" in report.set_aside[0][1]
    assert ("9", "orders3.csv") in door.rows("order_ref, _file")


def test_columns_that_the_mapping_adds_are_kept(door: Door) -> None:
    (door.folder / "order_lines.sql").write_text(MAPPING.replace("select\n", "select upper(Artikel) as big, 1 as n, "))
    door.put("orders.csv", OWN)
    door.load()
    assert door.rows("_extra")[0] == ('{"big":"P1","n":1}',)
