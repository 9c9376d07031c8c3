"""Day by day is all at once: with every kind of fault, in all 26 feeds, wherever one stops and whatever was ahead."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from duckdb_extensions import import_extension

from sources.companies.demo import ProfileError, advance, continuing, load_profile, simulate
from sources.companies.demo.as_of import as_of, timeline
from sources.companies.demo.dirt import ROW_FAULTS
from sources.companies.demo.dirty_files import KINDS
from sources.companies.demo.feed_shapes import FEEDS, IN_ORDER, KEYS
from sources.companies.demo.profile import Profile
from sources.companies.demo.profile_feeds import FileShape

DAYS = 75  # the clocks are put back on the 32nd of them
STOPS = (20, 21, 22, 37, 38, 60)


def _world() -> Profile:
    return load_profile(
        "dirty", start="2024-09-25", end="2025-01-15", population__persons=140, population__organisation_share=0.2,
        web__tracked_share=0.3, network__account_share=0.5, chunk_persons=1000,
        **{f"faults__{kind}": 0.02 for kind in (*KINDS, "clock_skew", *(fault.kind for fault in ROW_FAULTS))},
    )  # fmt: skip


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != "ahead")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _on(profile: Profile, day: int) -> date:
    return profile.start + timedelta(days=day)


@pytest.fixture(scope="module")
def by_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a world told in one go, one file a feed and day."""
    home, profile = tmp_path_factory.mktemp("by_day"), _world()
    simulate(profile, home / "landing", home / "truth", _on(profile, DAYS), by_day=True)
    return home


@pytest.fixture(scope="module")
def in_steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the same world told in steps, some of them played ahead, by two threads."""
    home, profile = tmp_path_factory.mktemp("in_steps"), _world()
    landing, truth = home / "landing", home / "truth"
    simulate(profile, landing, truth, _on(profile, STOPS[0]), by_day=True, ahead=3, threads=2)
    for day in (*STOPS[1:], DAYS):
        before = _digests(landing)
        advance(landing, truth, _on(profile, day), by_day=True, ahead=5, threads=2)
        after = _digests(landing)
        assert {name: after[name] for name in before} == before, "what was there stays as it was"
        assert len(after) > len(before)
    return home


def test_every_feed_and_every_kind_of_fault_is_there(by_day: Path) -> None:
    assert sorted(path.name for path in (by_day / "landing").iterdir()) == sorted(FEEDS)
    assert len(set(pq.read_table(by_day / "truth" / "fault.parquet")["kind"].to_pylist())) == 15


def test_the_day_at_which_one_stops_changes_no_byte_of_feeds_and_truth(by_day: Path, in_steps: Path) -> None:
    whole, steps = _digests(by_day), _digests(in_steps)
    assert sorted(whole) == sorted(steps)
    assert [name for name in whole if whole[name] != steps[name]] == []


def test_days_and_all_at_once_hold_the_same_rows(by_day: Path, tmp_path: Path) -> None:
    profile = _world()
    simulate(profile, tmp_path / "landing", tmp_path / "truth", _on(profile, DAYS))
    _same_rows(profile, by_day / "landing", tmp_path / "landing")
    assert _digests(tmp_path / "truth") == _digests(by_day / "truth"), "faults too are those of the rows"


def test_all_at_once_in_two_halves_holds_the_same_rows(by_day: Path, tmp_path: Path) -> None:
    profile = _world()
    simulate(profile, tmp_path / "landing", tmp_path / "truth", _on(profile, 40), ahead=20)
    for day in (55, DAYS):  # by what was played ahead, and beyond it
        advance(tmp_path / "landing", tmp_path / "truth", _on(profile, day))
    _same_rows(profile, by_day / "landing", tmp_path / "landing")


def _same_rows(profile: Profile, days: Path, bulk: Path) -> None:
    of_one_day = [path for path in bulk.glob("*/*_????-??-??*") if path.name.count("-") == 2]  # halves name two days
    faulty = {(path.parent.name, path.name.split(".")[0].removesuffix("_again")) for path in of_one_day}
    assert len({feed for feed, _ in faulty}) > 5
    for path in of_one_day:
        assert path.read_bytes() == (days / path.parent.name / path.name).read_bytes()
    for feed in FEEDS:
        shape = profile.files.get(feed, FileShape())
        one, other = (
            [
                path
                for path in sorted((folder / feed).iterdir())
                if (feed, path.name.split(".")[0].removesuffix("_again")) not in faulty
            ]
            for folder in (days, bulk)
        )
        assert _rows(feed, shape, one) == _rows(feed, shape, other), feed


def _rows(feed: str, shape: FileShape, paths: list[Path]) -> Counter[object]:
    """Count a feed's rows as they are spelt; of rows that change without a time of change, only the last."""
    if feed in IN_ORDER:
        return Counter(_last_rows(feed, paths))
    if shape.format in ("parquet", "xlsx"):
        return Counter(row for path in paths for row in _table(path))
    return Counter(line for path in paths for line in _lines(path)[int(shape.format == "csv") :])


def _lines(path: Path) -> list[bytes]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    elif path.suffix == ".zst":
        content = pa.input_stream(pa.py_buffer(content), compression="zstd").read()
    return content.splitlines()


def _table(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        if path.suffix == ".xlsx":
            import_extension("excel", con=connection)
            connection.execute("load excel")
        return [tuple(map(str, row)) for row in connection.execute(f"from '{path}'").fetchall()]


def _last_rows(feed: str, paths: list[Path]) -> Iterator[tuple[str, ...]]:
    """Give the last row of each key; halves told all at once may hold a row in both."""
    last: dict[tuple[str, ...], tuple[str, ...]] = {}
    names = None
    for path in sorted(
        paths, key=lambda path: path.name.removeprefix(f"{feed}.").removeprefix(f"{feed}_")[:10].isdigit()
    ):
        with duckdb.connect() as connection:
            cursor = connection.execute(f"from '{path}'")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                texts = dict(zip(names, map(str, row), strict=True))
                last[tuple(texts[name] for name in KEYS[feed])] = tuple(texts[name] for name in sorted(texts))
    yield from last.values()


def test_what_was_played_ahead_is_not_played_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = _world()
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    simulate(profile, landing, truth, _on(profile, 30), by_day=True, ahead=10)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("played again")

    monkeypatch.setattr(continuing, "run", refuse)
    for day in (31, 34, 40):
        rows = advance(landing, truth, _on(profile, day), by_day=True)
        assert rows["web_events"] > 0
    assert set(advance(landing, truth, _on(profile, 35)).values()) == {0}, "a day that is over adds nothing"
    with pytest.raises(AssertionError, match="played again"):
        advance(landing, truth, _on(profile, 41))


def test_a_world_cannot_live_beyond_its_horizon(tmp_path: Path) -> None:
    profile = load_profile("plain", customers=20)
    simulate(profile, tmp_path / "landing", tmp_path / "truth", _on(profile, 30), ahead=10)
    with pytest.raises(ProfileError, match="lies outside of the world"):
        advance(tmp_path / "landing", tmp_path / "truth", date(2035, 1, 1))


def test_truth_is_told_as_of_a_day() -> None:
    lists = timeline("mood", np.array([0, 0, 2]), np.array([3, 5, 9]), np.array([1.0, 2.0, 3.0]), 3)
    table = pa.table(
        {
            "id": [1, 2, 3], "left": [7, 8, 9], "mood": [2.0, 4.0, 3.0],
            "_day": [0, 4, 6], "_from_left": [6, 2, 99], "_before_mood": [4.0, 4.0, 4.0], **lists,
        }
    )  # fmt: skip
    assert as_of(table, 1).to_pydict() == {"id": [1], "left": [None], "mood": [4.0]}
    assert as_of(table, 5).to_pydict() == {"id": [1, 2], "left": [None, 8], "mood": [1.0, 4.0]}
    assert as_of(table, 10).to_pydict() == {"id": [1, 2, 3], "left": [7, 8, None], "mood": [2.0, 4.0, 3.0]}
