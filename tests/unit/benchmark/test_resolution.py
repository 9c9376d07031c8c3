"""The benchmark of resolution: who is drawn, how both ways are judged and shown."""

from __future__ import annotations

import io
import json
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from dagster_project.benchmark import measured_resolution, measured_tutorial
from dagster_project.benchmark.persons import write_persons
from dagster_project.benchmark.resolution import Quality, qualities, show
from dagster_project.settings import REPOSITORY, StellaError

WORLD = REPOSITORY / "sources" / "companies" / "demo" / "world.yml"
SIZE = 1_000


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    write_persons(folder / "records.parquet", folder / "truth.parquet", SIZE, WORLD)
    return folder


def test_persons_have_several_records_and_families_share_what_reaches_them(drawn: Path, tmp_path: Path) -> None:
    counts = duckdb.execute(
        "select count(*), count(distinct (source_system, customer_ref)), count(distinct person_id) "
        f"from '{drawn}/records.parquet' inner join '{drawn}/truth.parquet' using (source_system, customer_ref)"
    ).fetchall()[0]
    assert counts[:2] == (SIZE, SIZE)
    assert 0.5 * SIZE < counts[2] < 0.8 * SIZE
    shared = duckdb.execute(
        f"select count(*) from (select phone from '{drawn}/records.parquet' inner join '{drawn}/truth.parquet' "
        "using (source_system, customer_ref) where phone is not null group by 1 "
        "having count(distinct person_id) > 1) as shared"
    ).fetchall()[0][0]
    assert shared > 10
    write_persons(tmp_path / "records.parquet", tmp_path / "truth.parquet", SIZE, WORLD)
    for name in ("records", "truth"):
        again = duckdb.execute(f"from '{tmp_path}/{name}.parquet' except from '{drawn}/{name}.parquet'").fetchall()
        assert again == []


def test_fewer_records_than_asked_for_are_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_project.benchmark.persons._SPARE", 0.5)
    with pytest.raises(StellaError, match="records of customers, not 1,000"):
        write_persons(tmp_path / "records.parquet", tmp_path / "truth.parquet", SIZE, WORLD)


def test_the_house_resolves_them_from_staging_to_the_ledger(drawn: Path) -> None:
    found, out = drawn / "found.parquet", drawn / "out.json"
    measured_resolution.main(drawn / "records.parquet", found, out)
    said = json.loads(out.read_text())
    assert said["pairs"] > 0
    assert said["wall_seconds"] > 0
    assert said["peak_mb"] > 10
    (quality,) = qualities(found, drawn / "truth.parquet").values()
    assert quality.precision > 0.98
    assert quality.f1 > 0.95


@pytest.mark.slow
def test_the_tutorial_matches_the_same_records(drawn: Path) -> None:
    found, out = drawn / "tutorial.parquet", drawn / "tutorial.json"
    measured_tutorial.main(drawn / "records.parquet", found, out)
    first, best = qualities(found, drawn / "truth.parquet").values()
    assert 0.3 < first.f1 <= best.f1


def test_a_rule_of_too_many_pairs_is_narrowed_by_the_birth_year(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = duckdb.connect()
    connection.execute("create table person as select i % 2 as surname, i as city from range(10) as numbers(i)")
    assert measured_tutorial.narrowed(connection, "surname") == ("surname",)
    monkeypatch.setattr(measured_tutorial, "MOST_PAIRS", 19)
    assert measured_tutorial.narrowed(connection, "surname") == ("surname", "birth_year")
    assert measured_tutorial.narrowed(connection, "surname", "city") == ("surname", "city")


def test_pairs_are_judged_and_the_best_threshold_is_named(tmp_path: Path) -> None:
    """Persons aab, found as aa|b at one threshold (right) and as one group at the other (one pair of three right)."""
    found, truth = tmp_path / "found.parquet", tmp_path / "truth.parquet"
    duckdb.execute(
        "copy (select 'crm' as source_system, unnest(['1', '2', '3']) as customer_ref, unnest([7, 7, 8]) as person_id) "
        f"to '{truth}' (format parquet)"
    )
    duckdb.execute(
        "copy (select 'crm' as source_system, customer_ref, threshold, case when threshold < 0.5 then 1 "
        "else greatest(customer_ref::int, 2) end as cluster from unnest(['1', '2', '3']) as r(customer_ref), "
        f"unnest([0.2, 0.9]) as t(threshold)) to '{found}' (format parquet)"
    )
    first, best = qualities(found, truth).items()
    assert first == (", from 0.2", Quality(1 / 3, 1.0, 0.5))
    assert best == (", from 0.9 (best)", Quality(1.0, 1.0, 1.0))
    out = io.StringIO()
    measured = {"wall_seconds": 12.3, "cpu_seconds": 20.0, "peak_mb": 2345.6, "pairs": 1234567}
    show(Console(file=out, width=160), [("stella", measured, first[1])])
    assert out.getvalue().splitlines()[1].split() == [
        "stella",
        "12",
        "20",
        "2,346",
        "1,234,567",
        "0.3333",
        "1.0000",
        "0.5000",
    ]
