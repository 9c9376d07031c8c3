"""A person is taken out of files of every kind, and found where he still is."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from duckdb_extensions import import_extension

from dagster_project.privacy import trace_files
from dagster_project.privacy.trace_files import clean, files_below, find
from dagster_project.privacy.traces import find_in_tables

TEXT = b"ref,name,email\nW111111,Anna Rossi,anna@x.it\nW1111112,Berta,b@x.it\nW3,Carla Rossi,c@x.it\n"
TRACES = ["anna@x.it", "W111111"]


def _write(path: Path, text: bytes) -> None:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.csv", text)
    elif path.suffix == ".utf16":
        path.write_bytes(text.decode().encode("utf-16"))
    elif path.suffix == ".utf16be":
        path.write_bytes(text.decode().encode("utf-16-be"))
    elif path.suffix == ".zst":
        path.write_bytes(pa.compress(text, codec="zstd", asbytes=True))
    else:
        path.write_bytes(text)


def _read(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read("a.csv")
    if path.suffix.startswith(".utf16"):
        return data.decode("utf-16" if path.suffix == ".utf16" else "utf-16-be").encode()
    if path.suffix == ".zst":
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            return bytes(stream.read())
    return data


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.csv.zst", "a.csv.zip", "a.csv.utf16", "a.csv.utf16be"])
def test_his_line_goes_and_the_others_stay(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    _write(path, TEXT)
    assert find(path, TRACES)
    assert clean(path, TRACES, ["Anna Rossi"], drops_lines=True) == "cleaned"
    assert _read(path) == b"ref,name,email\nW1111112,Berta,b@x.it\nW3,Carla Rossi,c@x.it\n"
    assert not find(path, TRACES)
    assert clean(path, TRACES, ["Anna Rossi"], drops_lines=True) == "untouched"


def test_a_kept_line_loses_the_person_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    _write(path, TEXT)
    assert clean(path, TRACES, ["Anna Rossi", "Rossi"], drops_lines=False) == "cleaned"
    assert _read(path).splitlines()[1:] == [b"erased,erased,erased", b"W1111112,Berta,b@x.it", b"W3,Carla Rossi,c@x.it"]


def test_a_line_that_is_part_of_a_record_is_never_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    _write(path, b'ref,text\n1,"write to\nanna@x.it, please"\n')
    assert clean(path, TRACES, [], drops_lines=True) == "cleaned"
    assert _read(path) == b'ref,text\n1,"write to\nerased, please"\n'


def test_case_and_bounds(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    _write(path, b"joanna@x.it anna@x.italy")
    assert not find(path, ["anna@x.it"])
    _write(path, b"mail ANNA@X.IT")
    assert find(path, ["anna@x.it"])


@pytest.mark.parametrize("drops", [True, False])
def test_parquet(tmp_path: Path, drops: bool) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(f"copy (select unnest(['anna@x.it', 'b@x.it', null]) as email, 1 as n) to '{path}'")
    assert find(path, TRACES)
    assert clean(path, TRACES, [], drops) == "cleaned"
    rest = duckdb.sql(f"select email from '{path}' order by 1").fetchall()
    assert rest == ([("b@x.it",), (None,)] if drops else [("b@x.it",), ("erased",), (None,)])
    assert not find(path, TRACES)


def test_what_a_database_compresses_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table t as select case when i = 7 then 'to anna@x.it!' else 'x' || i end as said,"
            " i from range(50000) as r(i)"
        )
        assert find_in_tables(connection, TRACES) == ["main.t.said"]
    assert find(path, TRACES)
    assert clean(path, TRACES, [], drops_lines=False) == "untouched"


def test_a_database_whose_values_lie_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t as select 'W1111' || (i % 100)::varchar as ref from range(5000) as r(i)")
        connection.execute("create table gone as select 'x' || i || 'anna@x.it' as said from range(3000) as r(i)")
    assert not find(path, ["W11115x"])
    # Within somebody else's value it is not his; in no value at all it was left behind.
    assert not find(path, ["nna@x.it"])
    path.write_bytes(path.read_bytes() + b"Zanna@y.itW")
    assert find(path, ["anna@y.it"])


def test_a_number_in_parquet_and_a_list(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(f"copy (select 393331234567 as phone, ['a', 'anna@x.it'] as all_of_it, 1.5 as n) to '{path}'")
    assert clean(path, ["393331234567", "anna@x.it"], [], drops_lines=False) == "cleaned"
    assert duckdb.sql(f"select * from '{path}'").fetchall() == [(None, None, 1.5)]


@pytest.mark.parametrize("kind", ["xlsx", "parquet in a zip", "half of a gzip"])
def test_a_copy_that_cannot_be_cleaned_is_removed(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.xlsx"
    if kind == "xlsx":
        with duckdb.connect() as connection:
            import_extension("excel", con=connection)
            connection.execute(
                f"load excel; copy (select 'anna@x.it' as email, 'Rossi' as name) to '{path}' with (format xlsx)"
            )
    elif kind == "half of a gzip":
        path = tmp_path / "a.csv.gz"
        text = TEXT + b"".join(b"W9,x%d\n" % (n * n * 7919) for n in range(100_000))
        path.write_bytes(gzip.compress(text)[:200_000])
    else:
        duckdb.sql(f"copy (select 'anna@x.it' as email) to '{tmp_path / 'in.parquet'}' (compression uncompressed)")
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(tmp_path / "in.parquet", "in.parquet")
    other = tmp_path / "other.xlsx"
    other.write_bytes(b"PK\x03\x04 not really")
    assert clean(path, TRACES, ["Rossi"], drops_lines=True) == "removed"
    assert not path.exists()
    assert clean(other, TRACES, ["Rossi"], drops_lines=True) == "untouched"


def test_a_text_that_a_block_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_files, "BLOCK_BYTES", 2000)
    path = tmp_path / "a.txt"
    for before in range(1985, 2005):
        path.write_bytes(b"-" * before + b"anna@x.it" + b"-" * 3000)
        assert find(path, ["anna@x.it"]), before
        path.write_bytes(b"-" * before + b"joanna@x.it" + b"-" * 3000)
        assert not find(path, ["anna@x.it"]), before
        path.write_bytes(b"-" * before + b"anna@x.italy" + b"-" * 3000)
        assert not find(path, ["anna@x.it"]), before


def test_a_large_file_is_cleaned_block_by_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_files, "BLOCK_BYTES", 100)
    path = tmp_path / "a.csv.gz"
    lines = [b"W%d,other@x.it\n" % n for n in range(2_000_00)]
    _write(path, b"".join([*lines, b"W111111,anna@x.it\n", *lines]))
    assert clean(path, ["anna@x.it"], [], drops_lines=True) == "cleaned"
    assert _read(path) == b"".join([*lines, *lines])


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert [p.name for p in files_below([tmp_path])] == ["a"]
