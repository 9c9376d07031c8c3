from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from duckdb_extensions import import_extension

from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.feeds_out import FeedWriter, Layout
from sources.companies.demo.profile_feeds import FileShape

START = date(2025, 1, 1)
NOON = 1735732800  # 2025-01-01 12:00 UTC
SHAPES = {
    "plain": FileShape(),
    "gzip": FileShape(compression="gzip"),
    "zstd": FileShape(compression="zstd"),
    "lines": FileShape(format="jsonl"),
    "lines_zstd": FileShape(format="jsonl", compression="zstd"),
    "parquet": FileShape(format="parquet"),
    "xlsx": FileShape(format="xlsx"),
    "italian": FileShape(delimiter=";", decimal=",", encoding="latin-1"),
    "words": FileShape(words={"channel": {"web": "Sito"}}, headers={"contact_ref": "rif"}),
}


def _rows(days: list[int]) -> object:
    count = len(days)
    return feed_table(
        "contacts",
        np.array(days),
        contact_ref=[f"c{n}" for n in range(count)],
        channel=["web", "email"] * (count // 2) + ["web"] * (count % 2),
        direction=["inbound"] * count,
        purpose=['caffè, con "panna"\nsubito'] * count,
        occurred_at=NOON + 86_400 * np.array(days),
        cost=np.round(0.1 * np.arange(count), 2),
    )


def _write(folder: Path, shape: FileShape, layout: Layout) -> list[Path]:
    with FeedWriter(folder, {"contacts": shape}, START, layout=layout, time_zone="Europe/Rome") as writer:
        writer.add("contacts", _rows([2, 0, 0, 1, 5]))
        if shape.format != "xlsx":
            writer.add("contacts", _rows([3, 1]))
    return sorted(folder.rglob("*.*"))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("layout", ["bulk", "daily"])
def test_two_runs_write_the_same_bytes(tmp_path: Path, name: str, layout: Layout) -> None:
    first, second = (_write(tmp_path / run, SHAPES[name], layout) for run in ("a", "b"))
    assert [p.name for p in first] == [p.name for p in second]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def _read(paths: list[Path], shape: FileShape) -> list[tuple[object, ...]]:
    listed = "[" + ", ".join(f"'{path}'" for path in paths) + "]"
    reader = {
        "csv": f"read_csv({listed}, all_varchar=true, delim='{shape.delimiter}', encoding='{shape.encoding}')",
        "jsonl": f"read_json({listed}, format='newline_delimited')",
        "parquet": f"read_parquet({listed})",
    }[shape.format]
    reference = shape.headers.get("contact_ref", "contact_ref")
    return duckdb.connect().execute(f"select * from {reader} order by {reference}, occurred_at").fetchall()


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "xlsx"])
def test_days_and_all_at_once_hold_the_same_rows(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    whole, days = (_write(tmp_path / layout, shape, layout) for layout in ("bulk", "daily"))  # type: ignore[arg-type]
    assert len(whole) == 1
    assert len(days) == 5
    assert days[0].name.startswith("contacts_2025-01-01.")
    assert _read(whole, shape) == _read(days, shape)
    assert len(_read(whole, shape)) == 7


def test_a_csv_is_spelt_as_its_source_would(tmp_path: Path) -> None:
    shape = FileShape(delimiter=";", decimal=",", encoding="latin-1", times="local", words={"channel": {"web": "Sito"}})
    with FeedWriter(tmp_path, {"contacts": shape}, START, time_zone="Europe/Rome") as writer:
        writer.add("contacts", _rows([0, 0]))
    text = (tmp_path / "contacts" / "contacts.csv").read_bytes().decode("latin-1")
    assert ";Sito;inbound;" in text
    assert "caffè" in text
    assert "2025-01-01 13:00:00" in text, "the clock in Rome is an hour ahead of UTC in winter"
    assert ";0,1;" in text


def test_rows_of_bulk_stand_in_the_order_of_arrival(tmp_path: Path) -> None:
    (path,) = _write(tmp_path, FileShape(format="parquet"), "bulk")
    at = [row[0] for row in duckdb.connect().execute(f"select epoch(occurred_at) from '{path}' limit 5").fetchall()]
    assert at == sorted(at)


def test_an_excel_file_holds_the_rows(tmp_path: Path) -> None:
    (path,) = _write(tmp_path, FileShape(format="xlsx"), "bulk")
    connection = duckdb.connect()
    import_extension("excel", con=connection)
    connection.execute("load excel")
    rows = connection.execute(f"select contact_ref, occurred_at from read_xlsx('{path}', all_varchar=true)").fetchall()
    assert min(rows) == ("c0", "2025-01-03T12:00:00Z")
    assert len(rows) == 5
