"""Runs of the command in a process of its own, over a small world; and what a published file holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.settings import REPOSITORY

DEMO = REPOSITORY / "sources" / "companies" / "demo"
CUSTOMERS = 2000
# When something was known is another time in each run; the key of a belief and the hash of rows hold that time. A file
# grows out of another one after a daily run only.
TIMES_OF_THE_RUN = {
    "_loaded_at", "published_at", "believed_from", "believed_to", "loaded_at", "identity_key", "fingerprint",
    "merged_at", "generation",
}  # fmt: skip
# What ends so tells of the last run alone: what it touched, wrote and ranked again.
OF_THE_RUN = (
    "__touched", "__touched_customers", "__former", "__written",
    "fct_customer_standing__carried", "fct_customer_standing__scored",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A finished run of the command."""

    home: Path
    company: Path
    exit_code: int
    output: str

    @property
    def published(self) -> Path:
        return self.home / self.company.name / "published" / "stella.duckdb"

    @property
    def database(self) -> Path:
        return self.home / self.company.name / "build.duckdb"


def stella(home: Path, company: Path, *arguments: str, **environment: str) -> Run:
    """Run the command in a process of its own, as a scheduler would."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("stella")), *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "STELLA_HOME": str(home), "COMPANY": str(company), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=570,
    )
    return Run(home, company, done.returncode, done.stdout + done.stderr)


def small_world(folder: Path, persons: int = CUSTOMERS) -> Path:
    """Copy the demo company with a smaller world."""
    company = folder / "small_demo"
    shutil.copytree(DEMO, company, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (company / "world.yml").write_text(f"extends: world\npopulation:\n  persons: {persons}\n")
    return company


def content(database: Path, aside: Collection[str] = ()) -> dict[str, tuple[int, int]]:
    """Count and hash the rows of every table, in no order, without the times of the run and columns `aside`.

    The keys that a run has written are not looked at: they tell of the run.
    Doubles count to six digits behind the point: a sum of doubles depends on the order of its parts.
    """
    with duckdb.connect(str(database.resolve()), read_only=True) as reader:
        tables = reader.execute(
            "select table_schema, table_name, list({'name': column_name, 'type': data_type} order by column_name)"
            " from information_schema.columns where not ends_with(table_name, '__written') group by all"
        ).fetchall()
        return {f"{s}.{t}": _content_of(reader, s, t, columns, aside) for s, t, columns in tables}


def _content_of(
    reader: duckdb.DuckDBPyConnection, schema: str, table: str, columns: list[dict[str, str]], aside: Collection[str]
) -> tuple[int, int]:
    kept = ", ".join(
        f'round("{c["name"]}", 6)' if c["type"] == "DOUBLE" else f'"{c["name"]}"'
        for c in columns
        if c["name"] not in TIMES_OF_THE_RUN and c["name"] not in aside
    )
    row = reader.execute(
        f'select count(*), coalesce(sum(hash(row({kept or "null"}))::hugeint), 0) from {schema}."{table}"'
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
