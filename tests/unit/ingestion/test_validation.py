"""Batches held against their contract and against the batches before them, by Great Expectations."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.ingestion.contracts import load_contracts
from dagster_project.ingestion.validation import BatchResult, Validation, open_frames, open_validation
from dagster_project.ingestion.validation_batch import Batch, rows_of
from dagster_project.ingestion.validation_profile import baseline, population_stability, profile
from dagster_project.ingestion.validation_suite import split_limit, volume_bounds
from dagster_project.settings import get_settings

CONTRACTS = load_contracts()
ORDER_LINES = CONTRACTS["order_lines"]
CUSTOMERS = CONTRACTS["customers"]
USUAL_LINES = {
    "source_system": "'shop'",
    "order_ref": "'o' || i",
    "line_number": "1",
    "customer_ref": "case when i % 10 > 0 then 'c' || i end",
    "product_ref": "'p' || i % 50",
    "quantity": "1 + i % 3",
    "net_amount": "10 + i % 20",
    "channel": "case when i % 10 < 7 then 'web' else 'store' end",
    "ordered_at": "timestamptz '2026-01-01' + interval (i % 86400) second",
    "status": "'completed'",
}


@pytest.fixture(scope="module")
def frames() -> object:
    return open_frames()


@pytest.fixture
def validation(frames: object, tmp_path: Path) -> Validation:
    opened = open_validation(get_settings(home=tmp_path, company="cdnow"))
    opened.frames = frames
    return opened


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("set TimeZone = 'UTC'; create schema raw")
        yield opened


def lines(day: int, rows: int = 2000, refused: int = 0, **different: str) -> Batch:
    """A day's order lines, the usual ones but for the columns given."""
    said = USUAL_LINES | different
    columns = ", ".join(f"cast({said.get(c.name, 'null')} as {c.sql_type}) as {c.name}" for c in ORDER_LINES.columns)
    return Batch(
        feed="order_lines",
        batch_id=f"day-{day}",
        accepted=f"select {columns}, 'day-{day}.csv' as _file, 'same' as _row_hash from range({rows}) as numbers(i)",
        rows_in=rows + refused,
        rows_accepted=rows,
        rows_quarantined=refused,
        loaded_at=datetime(2026, 1, day, tzinfo=UTC),
    )


def failed(result: BatchResult) -> set[tuple[str, str | None]]:
    return {(check.name, check.column) for check in result.failures}


def test_first_batch_has_nothing_to_drift_from(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    result = validation.validate(connection, ORDER_LINES, lines(1))
    assert result.success
    assert {check.name for check in result.results} == {"refused_share", "key_is_unique", "known_codes"}


def test_batches_alike_pass(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    for day in (1, 2, 3):
        result = validation.validate(connection, ORDER_LINES, lines(day, rows=2000 + 100 * day))
        assert result.success, result.failures
    assert {"volume", "split", "mean", "range", "filled_share"} <= {check.name for check in result.results}


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (lines(3, rows=300), ("volume", None)),
        (lines(3, rows=20000), ("volume", None)),
        (lines(3, channel="case when i % 10 < 1 then 'web' else 'store' end"), ("split", "channel")),
        (lines(3, net_amount="(10 + i % 20) * 1.3"), ("mean", "net_amount")),
        (lines(3, quantity="case when i % 100 = 0 then 900 else 1 + i % 3 end"), ("range", "quantity")),
        (lines(3, customer_ref="case when i % 10 > 3 then 'c' || i end"), ("filled_share", "customer_ref")),
        (lines(3, order_ref="'o' || i // 2"), ("key_is_unique", None)),
        (lines(3, channel="'other'"), ("known_codes", "channel")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_drift_is_found(
    validation: Validation, connection: duckdb.DuckDBPyConnection, batch: Batch, expected: tuple[str, str | None]
) -> None:
    for day in (1, 2):
        validation.validate(connection, ORDER_LINES, lines(day))
    result = validation.validate(connection, ORDER_LINES, batch)
    assert expected in failed(result)
    assert not result.blocking


@pytest.mark.parametrize(("rows", "days", "is_told"), [(2000, (1, 2), True), (40, (1, 2), False), (2000, (2,), False)])
def test_an_optional_column_that_vanishes_is_told_however_few_rows_filled_it(
    validation: Validation, connection: duckdb.DuckDBPyConnection, rows: int, days: tuple[int, ...], is_told: bool
) -> None:
    """Unless too few rows came to tell, or a batch before lacked it too."""
    for day in (1, 2):
        filled = "case when i % 50 = 0 then 'c' || i end" if day in days else "null"
        validation.validate(connection, ORDER_LINES, lines(day, customer_ref=filled))
    result = validation.validate(connection, ORDER_LINES, lines(3, rows=rows, customer_ref="null"))
    told = [check.message for check in result.failures if check.column == "customer_ref"]
    assert bool(told) == is_told
    assert all("customer_ref: share of rows that fill this column, as every batch before did: 0" in m for m in told)


def test_small_batch_is_not_blamed_for_chance(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    for day in (1, 2):
        validation.validate(connection, ORDER_LINES, lines(day))
    result = validation.validate(connection, ORDER_LINES, lines(3, rows=12))
    assert failed(result) == {("volume", None)}


def test_too_many_refused_rows_block_where_the_contract_says_so(
    validation: Validation, connection: duckdb.DuckDBPyConnection
) -> None:
    strict = replace(ORDER_LINES, refused_share_limit=0.2, breach={**ORDER_LINES.breach, "refused_share": "blocking"})
    result = validation.validate(connection, strict, lines(1, rows=700, refused=300))
    assert result.blocking
    assert result.failures[0].message == "the share of rows that broke the contract: 0.3, expected 0 to 0.2"
    lenient = replace(strict, breach={**strict.breach, "refused_share": "warn"})
    assert not validation.validate(connection, lenient, lines(1, rows=700, refused=300)).blocking


def test_a_few_refused_rows_hold_nothing_back(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    result = validation.validate(connection, ORDER_LINES, lines(1, rows=2, refused=49))
    assert failed(result) == {("refused_share", None)}
    assert not result.blocking
    assert validation.validate(connection, ORDER_LINES, lines(2, rows=2, refused=50)).blocking


def test_batch_that_blocks_is_no_yardstick(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    strict = replace(ORDER_LINES, refused_share_limit=0.2, breach={**ORDER_LINES.breach, "refused_share": "blocking"})
    validation.validate(connection, strict, lines(1, refused=2000))
    assert baseline(connection, lines(2)) is None


def test_batch_of_refused_rows_alone_is_judged(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    result = validation.validate(connection, ORDER_LINES, lines(1, rows=0, refused=10))
    assert failed(result) == {("refused_share", None)}
    assert result.rows == 0


def test_validating_again_leaves_one_profile(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    for _ in range(2):
        validation.validate(connection, ORDER_LINES, lines(1))
    counted = connection.execute("select count(*), count(distinct column_name) from raw._batch_profile").fetchone()
    assert counted == (len(ORDER_LINES.columns), len(ORDER_LINES.columns))


def test_sample_says_so(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    few = Validation(validation.settings.model_copy(update={"validation_rows": 1000}), validation.frames)
    result = few.validate(connection, ORDER_LINES, lines(1))
    assert result.rows == 2000
    assert result.sampled == pytest.approx(1000, abs=150)
    assert (
        f"a random sample of {result.sampled:,} looked at"
        in (few.build_docs().parent / "order_lines/day-1.html").read_text()
    )
    assert validation.validate(connection, ORDER_LINES, lines(1)).sampled is None


def test_no_personal_value_is_seen_kept_or_shown(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(
        f"cast({'timestamptz ' if c.type == 'timestamp' else ''}"
        f"{_telltale(c.name, c.type)} as {c.sql_type}) as {c.name}"
        for c in CUSTOMERS.columns
    )
    batch = replace(
        lines(1),
        feed="customers",
        accepted=f"select {columns}, 'f' as _file, 'same' as _row_hash from range(50)",
        rows_accepted=50,
    )
    result = validation.validate(connection, CUSTOMERS, batch)
    result = validation.validate(connection, CUSTOMERS, replace(batch, batch_id="day-2"))
    frame, _ = rows_of(connection, CUSTOMERS, batch, CUSTOMERS.column_names, 1000)
    said = frame.to_csv() + str(result) + validation.build_docs().parent.joinpath("customers/day-2.html").read_text()
    said += str(connection.execute("from raw._batch_profile").fetchall())
    for column in CUSTOMERS.personal_columns:
        assert _telltale(column, CUSTOMERS.column(column).type).strip("'") not in said, column


def _telltale(column: str, kind: str) -> str:
    match kind:
        case "boolean":
            return "true"
        case "date":
            return "'1961-07-29'"
        case "timestamp":
            return "'2026-01-01'"
        case "list":
            return "['jazz']"
        case "json":
            return """'{"secret": "telltale-json"}'"""
        case _:
            return f"'telltale-{column}'"


def test_pages_open_without_a_network(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    validation.validate(connection, ORDER_LINES, lines(1))
    index = validation.build_docs()
    pages = [index, *index.parent.glob("*/*.html"), *index.parent.glob("*.css")]
    assert len(pages) == 3
    for page in pages:
        text = page.read_text()
        assert "://" not in text, page
        assert "<script" not in text, page
        for link in re.findall(r"(?:href|src)=\"([^\"#]+)\"", text):
            assert (page.parent / link).is_file(), f"{page}: {link}"


def test_index_keeps_the_batches_of_earlier_runs(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    validation.validate(connection, ORDER_LINES, lines(1))
    validation.build_docs()
    later = Validation(validation.settings, validation.frames)
    later.validate(connection, ORDER_LINES, lines(2, rows=100))
    text = later.build_docs().read_text()
    assert text.index("order_lines/day-2.html") < text.index("order_lines/day-1.html")
    assert text.count("badge-success") == 1
    assert text.count("badge-warning") == 1


def test_profile_measures_the_batch(connection: duckdb.DuckDBPyConnection) -> None:
    measured = profile(connection, ORDER_LINES, lines(1, rows=100))
    assert measured.rows == measured.rows_per_day == 100
    assert measured.columns["net_amount"].mean == pytest.approx(19.5)
    assert measured.columns["customer_ref"].null_share == pytest.approx(0.1)
    assert measured.columns["channel"].shares == pytest.approx({"web": 0.7, "store": 0.3})


def test_baseline_pools_means_and_spread(validation: Validation, connection: duckdb.DuckDBPyConnection) -> None:
    validation.validate(connection, ORDER_LINES, lines(1, rows=100, net_amount="10"))
    validation.validate(connection, ORDER_LINES, lines(2, rows=300, net_amount="20"))
    before = baseline(connection, lines(3))
    assert before is not None
    assert (before.batches, before.rows, before.rows_per_day) == (2, 400, 200)
    assert before.columns["net_amount"].mean == pytest.approx(17.5)
    assert before.columns["net_amount"].sd == pytest.approx(18.75**0.5)
    assert volume_bounds(before)[0] == pytest.approx(0)


shares = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.01, 1), min_size=1).map(
    lambda d: {k: v / sum(d.values()) for k, v in d.items()}
)


@given(shares, shares)
def test_population_stability_is_symmetric_and_zero_only_for_no_move(
    one: dict[str, float], other: dict[str, float]
) -> None:
    index = population_stability(one, other, 500, 500)
    assert index >= 0
    assert index == pytest.approx(population_stability(other, one, 500, 500))
    assert population_stability(one, one, 500, 500) == 0


@pytest.mark.parametrize("rows", [2, 5, 12, 50, 300, 3000])
def test_split_of_a_chance_batch_is_rarely_called_a_drift(rows: int) -> None:
    draw = np.random.default_rng(rows)
    usual = {"web": 0.5, "store": 0.3, "sms": 0.15, "fax": 0.05}
    alarms = 0
    for _ in range(500):
        counts = draw.multinomial(rows, list(usual.values()))
        split = {code: count / rows for code, count in zip(usual, counts, strict=True) if count}
        alarms += population_stability(split, usual, rows, 10**6) > split_limit(rows, 10**6, len(usual))
    assert alarms <= 10


def test_run_without_a_batch_does_not_open_great_expectations(tmp_path: Path) -> None:
    program = (
        "import sys; from dagster_project.ingestion.validation import open_validation;"
        "from dagster_project.settings import get_settings;"
        f"print(open_validation(get_settings(home={str(tmp_path)!r}, company='cdnow')).build_docs());"
        "sys.exit('great_expectations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_file()
