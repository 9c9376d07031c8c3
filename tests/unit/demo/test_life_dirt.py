from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sources.companies.demo import load_profile, simulate
from sources.companies.demo.dirt import ROW_FAULTS, Dirt
from sources.companies.demo.dirty_files import KINDS, FileFaults
from sources.companies.demo.feed_shapes import DAY, feed_table
from sources.companies.demo.file_bytes import Spelling, visible
from sources.companies.demo.profile_feeds import FileShape
from tests.unit.demo.life_world import assert_rate, default_world, play

ROWS = 20_000


def _lines(start: int) -> pa.Table:
    number = np.arange(ROWS)
    return feed_table(
        "order_lines",
        number % 600,
        source_system=pa.repeat("webshop", ROWS),
        order_ref=[f"O{n:07d}" for n in number],
        line_number=np.ones(ROWS, dtype=np.int64),
        updated_at=start + 86_400 * (number % 600),
        customer_ref=[f"W{n % 500}" for n in number],
        product_ref=[f"P{n % 90}" for n in number],
        quantity=np.ones(ROWS),
        net_amount=np.round(5 + number % 37 + 0.5, 2),
        currency=pa.repeat("EUR", ROWS),
        ordered_at=start + 86_400 * (number % 600),
    )


def _soiled(**rates: float) -> tuple[pa.Table, pa.Table, pd.DataFrame]:
    zero = dict.fromkeys(("late", "out_of_order", "clock_skew", *(f.kind for f in ROW_FAULTS), *KINDS), 0.0)
    overrides = {f"faults__{name}": rate for name, rate in (zero | rates).items()}
    scene = play(until=700, population__persons=50, **overrides).scene
    clean = _lines(int(scene.market.epoch[-scene.market.first_day]))
    dirt = Dirt(scene, {})
    return clean, dirt.soil("order_lines", clean), dirt.truth().to_pandas()


def test_no_faults_is_no_change() -> None:
    clean, soiled, truth = _soiled()
    assert soiled.equals(clean)
    assert len(truth) == 0


@pytest.mark.parametrize("fault", [f for f in ROW_FAULTS if "order_lines" in f.columns], ids=lambda f: f.kind)
def test_row_faults_come_at_their_rate_and_are_written_down(fault: object) -> None:
    kind, column = fault.kind, fault.columns["order_lines"]  # type: ignore[attr-defined]
    clean, soiled, truth = _soiled(**{kind: 0.02})
    assert_rate(np.arange(ROWS) < len(truth), 0.02)
    assert set(truth["kind"]) == {kind}
    first = soiled.slice(0, ROWS)
    hidden = f"_as_{column}"
    if hidden in first.schema.names:
        changed = first.column(hidden).to_pylist()
        struck = [row for row, value in enumerate(changed) if value is not None]
        assert first.column(column).equals(clean.column(column)), "the typed value stays; only its spelling is wrong"
        wrong = [changed[row] for row in struck]
    else:
        before, after = clean.column(column).to_pylist(), first.column(column).to_pylist()
        struck = [row for row in range(ROWS) if before[row] != after[row]]
        wrong = [after[row] for row in struck]
    told = {json.loads(key)[1]: value for key, value in zip(truth["row_key"], truth["delivered_value"], strict=True)}
    refs = clean.column("order_ref").to_pylist()
    assert {refs[row]: None if value is None else str(value) for row, value in zip(struck, wrong, strict=True)} == {
        key: None if pd.isna(value) else value for key, value in told.items()
    }


def test_what_is_mended_comes_again_as_it_should_have_been() -> None:
    clean, soiled, truth = _soiled(missing_key=0.05, corrected_later=0.02)
    again = soiled.slice(ROWS).to_pandas()
    mended = truth.dropna(subset=["mended_on"])
    assert len(again) == len(mended) > 250
    refused = truth[truth["kind"] == "missing_key"]
    assert_rate(refused["mended_on"].notna(), 0.6)
    assert truth.loc[truth["kind"] == "corrected_later", "mended_on"].notna().mean() > 0.98, "but at the very end"
    right = clean.to_pandas().set_index("order_ref")
    assert (again["net_amount"].to_numpy() == right.loc[again["order_ref"], "net_amount"].to_numpy()).all()
    assert (again["updated_at"].to_numpy() > right.loc[again["order_ref"], "updated_at"].to_numpy()).all()
    assert (again[DAY].to_numpy() > right.loc[again["order_ref"], DAY].to_numpy()).all()


def test_late_deliveries_are_whole_days() -> None:
    clean, soiled, truth = _soiled(late=0.1)
    before, after = clean.column(DAY).to_numpy(), soiled.column(DAY).to_numpy()
    moved = np.unique(before[after != before])
    assert len(moved) == len(truth)
    assert_rate(np.isin(np.arange(1, 600), moved), 0.1)
    assert (np.isin(before, moved) == (after != before)).all()
    assert set(np.unique((after - before)[after != before])) <= {1, 2, 3, 4}


def test_days_out_of_order_stand_in_reverse() -> None:
    clean, soiled, truth = _soiled(out_of_order=0.1)
    assert soiled.num_rows == clean.num_rows
    start = load_profile().start
    turned = soiled.to_pandas().groupby(DAY)["order_ref"].agg(lambda refs: bool(refs.is_monotonic_decreasing))
    assert {start + timedelta(days=int(day)) for day in turned.index[turned]} == set(truth["delivered_on"])
    assert_rate(turned, 0.1)


def test_a_clock_is_ahead_for_a_day() -> None:
    clean, soiled, truth = _soiled(clock_skew=0.1)
    shift = (soiled.to_pandas()["ordered_at"] - clean.to_pandas()["ordered_at"]).dt.total_seconds()
    assert set(shift) == {0.0, 5400.0}
    assert len(truth) == clean.to_pandas()[DAY][shift > 0].nunique()
    assert set(truth["column"]) == {"ordered_at"}


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("dirty")
    profile = load_profile(
        "dirty", population__persons=150, web__tracked_share=0.1,
        **{f"faults__{kind}": 0.01 for kind in KINDS},
    )  # fmt: skip
    simulate(profile, home / "landing", home / "truth")
    return home


def _faults(home: Path) -> pd.DataFrame:
    return duckdb.connect().execute(f"select * from '{home / 'truth' / 'fault.parquet'}'").df()


def test_a_dirty_world_has_every_kind_of_fault(dirty: Path) -> None:
    assert set(_faults(dirty)["kind"]) == {f.kind for f in ROW_FAULTS} | set(KINDS) | {
        "late", "out_of_order", "clock_skew",
    }  # fmt: skip


def test_faulty_files_are_what_truth_says(dirty: Path) -> None:
    truth, shapes = _faults(dirty), load_profile("dirty").files
    for fault in truth[truth["kind"].isin(KINDS)].itertuples():
        day = f"{fault.delivered_on:%Y-%m-%d}"
        (path,) = (dirty / "landing" / fault.feed).glob(f"{fault.feed}_{day}.*")
        twins = list((dirty / "landing" / fault.feed).glob(f"{fault.feed}_{day}_again.*"))
        if fault.kind == "delivered_twice":
            assert path.read_bytes() == twins[0].read_bytes()
        elif fault.kind == "truncated":
            assert bool(twins) == (not pd.isna(fault.mended_on))
            assert all(twin.read_bytes().startswith(path.read_bytes()) for twin in twins)
        elif path.suffix == ".csv" and fault.kind in ("extra_column", "missing_column"):
            header = path.read_text(encoding="utf-8").splitlines()[0]
            shape = shapes.get(fault.feed, FileShape())
            own = shape.headers.get(fault.column, fault.column)
            assert (own in header) == (fault.kind == "extra_column")


def test_a_wrong_encoding_is_not_utf8() -> None:
    scene = play(until=10, population__persons=50, faults__wrong_encoding=1.0).scene
    dirt = Dirt(scene, {})
    table = visible(feed_table("contacts", np.array([3]), contact_ref=["c1"], purpose=["perché è così"]))
    spelling = Spelling("UTC")
    ((suffix, content),) = FileFaults(scene).files("contacts", 3, table, FileShape(), spelling)
    spelling.close()
    FileFaults(scene).note("contacts", FileShape(), np.array([3]), dirt)
    assert suffix == ""
    assert "perché è così" in content.decode("cp1252")
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert dirt.truth().to_pydict()["kind"] == ["wrong_encoding"]


def test_the_default_world_has_no_unreadable_file() -> None:
    faults = default_world().scene.profile.faults
    assert faults.truncated == faults.wrong_encoding == faults.missing_column == 0
    assert faults.text_in_number > 0
    assert faults.delivered_twice > 0
