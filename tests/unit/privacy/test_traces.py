"""A person is taken out of files of every kind, and found where he still is."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dagster_project.privacy.traces import clean, files_below, find, find_in_tables

TEXT = b"ref,name,email\nW111111,Anna Rossi,anna@x.it\nW1111112,Berta,b@x.it\nW3,Carla Rossi,c@x.it\n"
TRACES = ["anna@x.it", "W111111"]


def _write(path: Path, text: bytes) -> None:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text))
    elif path.suffix == ".zst":
        path.write_bytes(pa.compress(text, codec="zstd", asbytes=True))
    else:
        path.write_bytes(text)


def _read(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            return bytes(stream.read())
    return data


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.csv.zst"])
def test_his_line_goes_and_the_others_stay(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    _write(path, TEXT)
    assert find(path, TRACES)
    assert clean(path, TRACES, ["Anna Rossi"], drops_lines=True)
    assert _read(path) == b"ref,name,email\nW1111112,Berta,b@x.it\nW3,Carla Rossi,c@x.it\n"
    assert not find(path, TRACES)
    assert not clean(path, TRACES, ["Anna Rossi"], drops_lines=True)


def test_a_kept_line_loses_the_person_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    _write(path, TEXT)
    assert clean(path, TRACES, ["Anna Rossi", "Rossi"], drops_lines=False)
    assert _read(path).splitlines()[1:] == [b"erased,erased,erased", b"W1111112,Berta,b@x.it", b"W3,Carla Rossi,c@x.it"]


def test_a_line_that_is_part_of_a_record_is_never_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    _write(path, b'ref,text\n1,"write to\nanna@x.it, please"\n')
    assert clean(path, TRACES, [], drops_lines=True)
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
    assert clean(path, TRACES, [], drops)
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
    assert not clean(path, TRACES, [], drops_lines=False)


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert [p.name for p in files_below([tmp_path])] == ["a"]
