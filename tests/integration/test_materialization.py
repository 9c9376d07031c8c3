"""Tables and views made in place, by a project of a few models with the macros of the house."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.operations import dbt
from dagster_project.settings import REPOSITORY

PROJECT = """
name: stella
profile: stella
model-paths: [models]
macro-paths: [macros]
vars: {loaded_after: null}
"""
PROFILE = "stella: {target: it, outputs: {it: {type: duckdb, path: '%s', schema: main, threads: 1}}}"
KEPT = """
models:
  - name: kept
    config: {contract: {enforced: true}}
    columns:
      - {name: id, data_type: integer, constraints: [{type: not_null}]}
"""
Build = Callable[..., list[str]]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Write models, by name, build them, and give what dbt said of those that failed."""
    shutil.copytree(REPOSITORY / "dbt" / "macros", tmp_path / "macros")
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project.yml").write_text(PROJECT)
    (tmp_path / "profiles.yml").write_text(PROFILE % (tmp_path / "build.duckdb"))
    (tmp_path / "models" / "kept.yml").write_text(KEPT)
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - seconds

    def run(loaded_after: str | None = None, **models: str) -> list[str]:
        for name, query in models.items():
            (tmp_path / "models" / f"{name}.sql").write_text(query)
        place = ["--project-dir", str(tmp_path), "--profiles-dir", str(tmp_path), "--log-level", "none"]
        variables = json.dumps({"loaded_after": loaded_after})
        outcome = dbtRunner().invoke(["build", *place, "--log-level-file", "none", "--vars", variables])
        dbt.release()
        assert outcome.result is not None, outcome.exception
        return [str(result.message) for result in outcome.result if result.status == "error"]

    yield run
    dbt.release()


def _relations(folder: Path) -> dict[str, str]:
    with duckdb.connect(str(folder / "build.duckdb"), read_only=True) as reader:
        return dict(reader.execute("select table_name, table_type from information_schema.tables").fetchall())


def _kept(folder: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folder / "build.duckdb"), read_only=True) as reader:
        return reader.execute("select id from kept order by id").fetchall()


def test_it_is_made_anew_in_place(build: Build, tmp_path: Path) -> None:
    view = "{{ config(materialized='view') }} select id + 1 as id from {{ ref('kept') }}"
    table = "{{ config(materialized='table') }} select "
    assert build(kept=table + "1 as id", seen=view) == []
    assert build(kept=table + "2 as id", seen=view) == []
    assert _kept(tmp_path) == [(2,)]
    assert _relations(tmp_path) == {"kept": "BASE TABLE", "seen": "VIEW"}
    assert build(seen="{{ config(materialized='table') }} select 7 as id") == []
    assert _relations(tmp_path) == {"kept": "BASE TABLE", "seen": "BASE TABLE"}
    assert build(seen=view) == []
    assert _relations(tmp_path) == {"kept": "BASE TABLE", "seen": "VIEW"}


def test_what_fails_leaves_the_former_content(build: Build, tmp_path: Path) -> None:
    table = "{{ config(materialized='table') }} select "
    assert build(kept=table + "1 as id") == []
    (fault,) = build(kept=table + "cast(case when random() < 2 then null else 1 end as integer) as id")
    assert "NOT NULL" in fault
    assert _kept(tmp_path) == [(1,)]
    (fault,) = build(kept=table + "cast('one' as integer) as id")
    assert "Conversion Error" in fault
    assert _kept(tmp_path) == [(1,)]


def test_a_whole_build_holds_a_table_against_its_contract(build: Build, tmp_path: Path) -> None:
    table = "{{ config(materialized='table') }} select "
    assert build(kept=table + "1 as id") == []
    (fault,) = build(kept=table + "1 as id, 2 as more")
    assert "contract" in fault
    assert "more" in fault
    assert _kept(tmp_path) == [(1,)]
    # A daily run has the models of the whole one before it; it asks what each row must have, and no more.
    assert build(loaded_after="2026-01-01", kept=table + "3 as id") == []
    (fault,) = build(loaded_after="2026-01-01", kept=table + "cast(null as integer) as id")
    assert "NOT NULL" in fault
    assert _kept(tmp_path) == [(3,)]
