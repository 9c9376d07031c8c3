"""Files made to do harm, or as long and wide as files get: taken in to the letter, refused row by row, or set aside."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project.ingestion.contracts import Contract, load_contracts
from tests.faults.hostile import TEXTS, hostile_rows, put_hostile_file
from tests.faults.runner import Forker
from tests.unit.ingestion.door import ORDER, Door, order, orders

CONTRACTS = load_contracts()


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / 'it\'s; "acme" $(x)', CONTRACTS)


NAMES = [
    "it's.csv", '"quoted".csv', "two\nlines.csv", "a;b|c.csv", "{{ x }}.csv", "*?[1].csv", "$(touch x)`id`.csv",
    "'; drop table raw._load; --.csv", "x..csv..csv", "-rf.csv", "~.csv", "%s%n.csv", "s3:x.csv", " .csv", "\\.csv",
    "ünï😀\u202e.csv",
]  # fmt: skip


@pytest.mark.parametrize("folder", ["", "it's [x]/", "..a/", "two\nlines/"])
def test_names_of_files_are_names_and_nothing_else(door: Door, folder: str) -> None:
    door.company("  order_lines: '**/*'")
    for number, name in enumerate(NAMES):
        door.put(folder + name, orders(order(f"A{number}")))
    report = door.load()
    assert (report.set_aside, report.rows_accepted) == ([], len(NAMES))
    assert {file for (file,) in door.rows("_file")} == {folder + name for name in NAMES}
    assert door.load().rows_in == 0


def test_a_bomb_of_ten_gigabytes_is_stopped_at_the_limit(door: Door) -> None:
    door.knobs = {"max_file_bytes": 64 << 20}
    zeros = gzip.compress(bytes(64 << 20))
    for name in ("bomb.csv.gz", "bomb.jsonl.gz"):
        door.company(f"  order_lines: '{name}'")
        with (door.landing / name).open("wb") as bomb:
            bomb.write(gzip.compress(orders(order()).encode()))
            for _ in range(160):
                bomb.write(zeros)
        ((file, reason),) = door.load().set_aside
        assert file == name
        assert "STELLA_MAX_FILE_BYTES" in reason
        (door.landing / name).unlink()
    assert door.rows("*") == []


def _file(suffix: str, rows: list[dict[str, str]]) -> bytes:
    if suffix == "parquet":
        out = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), out)
        return out.getvalue()
    if suffix == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    return "".join(",".join(line) + "\n" for line in [[*rows[0]], *(row.values() for row in rows)]).encode()


def _row(ref: str, at: str = "2024-01-05", **more: str) -> dict[str, str]:
    return dict(zip(ORDER.split(","), order(ref, at=at).split(","), strict=True)) | more


@pytest.mark.parametrize("suffix", ["csv", pytest.param("jsonl", marks=pytest.mark.faults), "parquet"])
def test_a_value_of_a_hundred_megabytes_is_kept(door: Door, suffix: str) -> None:
    long = 100_000_000
    door.put(f"order.{suffix}", _file(suffix, [_row("long", note="x" * long), _row("short", note="y")]))
    report = door.load()
    assert (report.set_aside, report.rows_accepted) == ([], 2)
    kept = "select order_ref, length(_extra ->> '$.note') from raw.order_lines order by 1"
    assert door.connection.execute(kept).fetchall() == [("long", long), ("short", 1)]


@pytest.mark.faults
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_ten_thousand_columns_are_kept(door: Door, suffix: str) -> None:
    door.put(f"order.{suffix}", _file(suffix, [_row("wide", **{f"c{n}": "v" for n in range(10_000)})]))
    report = door.load()
    assert (report.set_aside, report.rows_accepted) == ([], 1)
    assert door.one("select len(json_keys(_extra)) from raw.order_lines") == 10_000


def test_names_of_columns_are_names_and_nothing_else(door: Door) -> None:
    names = [text.replace("\n", " ").replace("\r", " ") for text in TEXTS if text.strip() and len(text) < 1000]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    door.put("order.csv", orders(order() + ",v" * len(names), header=f"{ORDER},{header}"))
    report = door.load()
    assert (report.set_aside, report.rows_accepted) == ([], 1)
    kept = json.loads(door.one("select _extra from raw.order_lines"))
    assert {k: v for k, v in kept.items() if v != "v"} == {}
    assert len(kept) == len(names)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_every_hostile_text_comes_back_to_the_letter(door: Door, contract: Contract) -> None:
    door.company("".join(f"  {feed}: 'x/*'\n" for feed in {"order_lines", contract.feed}))
    written = put_hostile_file(contract, door.landing / "x", seed=1)
    report = door.load(contract.feed)
    assert report.set_aside == []
    assert report.rows_in == written == report.rows_accepted + report.rows_unchanged + report.rows_quarantined
    sent = list(hostile_rows(contract, random.Random(f"{contract.feed} 1")))
    free = [c.name for c in contract.columns if c.type == "string" and not (c.values or c.code_list)]
    for column in free:
        came = {value for (value,) in door.rows(f'"{column}"', contract.feed) if value is not None}
        # Blanks at the ends go, from every text; nothing else does.
        assert came <= {str(row[column]).strip(" ") for row in sent}, column


MOMENTS = {
    "0001-01-01": "event_time", "9999-12-31": "event_time", "10000-01-01": "event_time", "0000-00-00": "type",
    "2016-12-31T23:59:60Z": "type", "2016-12-31 23:59:60": "type", "2024-02-30": "type",
    "2024-03-31 02:30:00": None, "2024-10-27 02:30:00": None,
}  # fmt: skip


@pytest.mark.parametrize("text", MOMENTS)
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_moments_at_the_edge_are_taken_or_their_row_refused(door: Door, text: str, suffix: str) -> None:
    door.put(f"order.{suffix}", _file(suffix, [_row("edge", at=text), _row("sound")]))
    door.load()
    rule = MOMENTS[text]
    assert [broken for broken, _, _ in door.refused()] == ([rule] if rule else [])
    assert {ref for (ref,) in door.rows("order_ref")} == ({"sound"} if rule else {"sound", "edge"})


@pytest.mark.xdist_group("faults")
@pytest.mark.parametrize("seed", [2, *(pytest.param(n, marks=pytest.mark.faults) for n in (1, 3))])
def test_a_company_of_nothing_but_hostile_records_is_published(forker: Forker, tmp_path: Path, seed: int) -> None:
    company = tmp_path / "it's hostile"
    for feed, contract in CONTRACTS.items():
        put_hostile_file(contract, company / "landing" / feed, seed)
    feeds = "".join(f"  {feed}: {{files: '{feed}/*'}}\n" for feed in CONTRACTS)
    (company / "company.yml").write_text(
        'name: hostile\ntitle: "[/red]{{ 1 }}\' or 1=1 --"\nhome_currency: EUR\ntime_zone: Europe/Rome\n'
        f"landing: {json.dumps(str(company / 'landing'))}\nfeeds:\n{feeds}"
    )
    places = {"COMPANY": str(company), "STELLA_HOME": str(tmp_path / "home")}
    code, said = forker.run("run", STELLA_PSEUDONYM_KEY="k" * 40, **places)
    assert code in {0, 3}, said[-4000:]
    assert "Traceback" not in said
    assert "\x1b" not in said
    with duckdb.connect(
        str(tmp_path / "home" / company.name / "published" / "stella.duckdb"), read_only=True
    ) as reader:
        ties = reader.execute("select bool_and(is_equal) from marts.mart_reconciliation").fetchone()
        templates = reader.execute("select distinct message_template from warehouse.dim_campaign").fetchall()
    assert ties == (True,)
    assert {text for (text,) in templates if text} <= {text.strip(" ") for text in TEXTS}
    for file in (tmp_path / "home" / company.name / "outbox").rglob("*.csv"):
        with file.open(newline="") as lines:
            fields = {field for row in csv.reader(lines) for field in row}
        assert not [field for field in fields if field.startswith(("=", "+", "@"))]
