"""The floor: the same tables from the same raw files by plain DuckDB SQL in one process, without checks.

`python -m dagster_project.benchmark.floor BUILD.duckdb OUT.json` reads each landing file once with DuckDB's readers,
casting to the types of `raw`, and then builds every model that a finished run built, with the SQL that dbt compiled
for it, in dbt's order. What Python steps wrote is copied from the finished run and not timed. What is missing from the
floor is what a run adds: contracts, quarantine, expectations, tests, lineage, scores, decisions, publication.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from dagster_project import database
from dagster_project.benchmark.sampling import Sampler
from dagster_project.ingestion.company import load_company
from dagster_project.operations import dbt
from dagster_project.settings import Settings, get_settings

TECHNICAL = {"_extra", "_file", "_line", "_row_hash", "_loaded_at"}


def main(build: Path, out: Path) -> None:
    """Build the floor beside a finished run's database and write each step's wall and processor seconds and peak MB."""
    settings = get_settings()
    manifest = json.loads((dbt.target_folder(settings) / "manifest.json").read_text())
    # The compiled SQL names the catalog of the run, which DuckDB takes from the file's name.
    floor = out.parent / "floor" / build.name
    floor.parent.mkdir(exist_ok=True)
    floor.unlink(missing_ok=True)
    with duckdb.connect(str(floor)) as connection, Sampler() as samples:
        database.set_limits(connection, settings)
        for schema in (*database.SCHEMAS, "floor"):
            connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"attach '{build}' as finished (read_only)")
        start = time.perf_counter()
        steps = [_timed(connection, samples, name, sql) for name, sql in _loads(connection, settings)]
        _copy_given(connection, manifest)
        steps += [_timed(connection, samples, name, sql) for name, sql in _models(settings, manifest)]
        peak = samples.peak(start, time.perf_counter())
    times = os.times()
    out.write_text(json.dumps({"steps": steps, "peak_mb": peak, "cpu_seconds": times.user + times.system}))


def _timed(connection: duckdb.DuckDBPyConnection, samples: Sampler, name: str, sql: str) -> dict[str, Any]:
    start = time.perf_counter()
    connection.execute(sql)
    end = time.perf_counter()
    return {
        "name": name,
        "seconds": end - start,
        "cpu_seconds": samples.processor(start, end),
        "peak_mb": samples.peak(start, end),
    }


def _loads(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[tuple[str, str]]:
    """Give for each feed of files the statement that reads it into schema `floor` with the types of `raw`."""
    from duckdb_extensions import import_extension  # noqa: PLC0415

    company = load_company(settings.company_folder)
    landing = company.landing_folder(settings.company_home)
    for feed, source in company.feeds.items():
        files = sorted({str(p) for pattern in source.files for p in landing.glob(pattern)})
        if not files:
            continue
        if files[0].endswith(".xlsx"):
            import_extension("excel", con=connection)
        relation = _reader(files, source.options.delimiter)
        there = {row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()}
        wanted = connection.execute(
            "select column_name, data_type from duckdb_columns() where database_name = 'finished'"
            " and schema_name = 'raw' and table_name = ? order by column_index",
            [feed],
        ).fetchall()
        columns = ", ".join(
            f'try_cast("{name}" as {kind}) as "{name}"' if name in there else f'null::{kind} as "{name}"'
            for name, kind in wanted
            if name not in TECHNICAL
        )
        yield f"raw.{feed}", f'create table floor."{feed}" as select {columns} from {relation}'


def _reader(files: list[str], delimiter: str | None) -> str:
    names = "[" + ", ".join("'" + name.replace("'", "''") + "'" for name in files) + "]"
    if ".parquet" in files[0]:
        return f"read_parquet({names}, union_by_name = true)"
    if ".json" in files[0] or ".ndjson" in files[0]:
        return f"read_json({names}, format = 'newline_delimited', union_by_name = true)"
    if files[0].endswith(".xlsx"):
        return f"read_xlsx('{files[0]}', all_varchar = true)"
    separator = f", delim = '{delimiter}'" if delimiter else ""
    return (
        f"read_csv({names}, all_varchar = true, header = true, union_by_name = true, ignore_errors = true{separator})"
    )


def _copy_given(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> None:
    """Copy what the models read and did not build: raw as accepted, seeds, the tables of the Python steps."""
    given = {(s["schema"], s["identifier"]) for s in manifest["sources"].values()}
    given |= {
        (n["schema"], n.get("alias") or n["name"]) for n in manifest["nodes"].values() if n["resource_type"] == "seed"
    }
    for schema, table in sorted(given):
        connection.execute(f'create table {schema}."{table}" as from finished.{schema}."{table}"')


def _models(settings: Settings, manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give each model's own compiled SQL as a statement, those it reads first."""
    models = {k: n for k, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    compiled = dbt.target_folder(settings) / "compiled" / "stella"
    done: set[str] = set()

    def ordered(unique_id: str) -> Iterator[str]:
        if unique_id in done or unique_id not in models:
            return
        done.add(unique_id)
        for parent in models[unique_id]["depends_on"]["nodes"]:
            yield from ordered(parent)
        yield unique_id

    for start in sorted(models):
        for unique_id in ordered(start):
            node = models[unique_id]
            if node["config"]["materialized"] == "ephemeral":
                # It stands in the SQL of those that read it.
                continue
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            sql = (compiled / node["original_file_path"]).read_text()
            name = f"{node['schema']}.{node.get('alias') or node['name']}"
            yield name, f"create {kind} {name} as {sql}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
