"""Copy the finished tables into a fresh file, check it, and swap it in.

Readers follow `published/stella.duckdb`, a symbolic link to the newest version. The link is replaced atomically: a
reader holds either the old version or the new one, never half of either. When anything fails the link stays.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from dagster_project import clock
from dagster_project.database import tables
from dagster_project.publishing.privacy import Description
from dagster_project.settings import Settings, StellaError

PUBLISHED_SCHEMAS = ("warehouse", "marts", "scores", "decisions")
LINK = "stella.duckdb"
PART = ".part"


@dataclass(frozen=True)
class Publication:
    """What was published: the link readers follow, the version behind it, its tables and rows."""

    link: Path
    version: Path
    table_count: int
    row_count: int
    seconds: float


def publish(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    descriptions: Mapping[tuple[str, str], Description],
    as_of: date,
) -> Publication:
    """Publish the warehouse, marts, scores and decisions without their personal columns.

    Args:
        connection: the open warehouse.
        settings: names the folder and how many versions are kept.
        descriptions: of tables and columns, by (schema, table); see `privacy.describe`.
        as_of: the day for which was scored and decided.

    Raises:
        StellaError: the copy does not hold what the warehouse holds; the former version stays in place.
    """
    clock = time.perf_counter()
    versions = settings.published / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    for left in versions.glob(f"*{PART}*"):
        left.unlink()
    version = _new_version(versions)
    part = version.with_suffix(PART)
    try:
        expected = _copy(connection, part, descriptions, as_of)
        _verify(part, expected)
    except BaseException:
        _remove(part)
        raise
    part.chmod(0o444)
    # Only what is whole bears a version's name: what a killed run left is none, and is removed above.
    part.rename(version)
    link = settings.published / LINK
    _swap(link, version)
    _prune(versions, version, settings.keep_versions)
    return Publication(link, version, len(expected), sum(expected.values()), time.perf_counter() - clock)


def _new_version(versions: Path) -> Path:
    """Name the version after its moment, or after the next free one: the clock may stand still."""
    moment = clock.now()
    while (version := versions / f"stella-{moment:%Y%m%dT%H%M%S%f}.duckdb").exists():
        moment += timedelta(microseconds=1)
    return version


def _copy(
    connection: duckdb.DuckDBPyConnection,
    version: Path,
    descriptions: Mapping[tuple[str, str], Description],
    as_of: date,
) -> dict[str, int]:
    connection.execute(f"attach '{_quoted(str(version))}' as publication")
    try:
        expected = {}
        # One transaction: each of the thousand comments would be a commit of its own.
        connection.execute("begin")
        for schema in PUBLISHED_SCHEMAS:
            connection.execute(f"create schema publication.{schema}")
            for table in tables(connection, schema):
                description = descriptions.get((schema, table), Description())
                if not description.is_withheld:
                    expected[f"{schema}.{table}"] = _copy_table(connection, schema, table, description)
        connection.execute(
            "create table publication.main.publication as select ?::date as as_of_date, ?::timestamptz as published_at",
            [as_of, clock.now()],
        )
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    finally:
        connection.execute("detach publication")
    return expected


def _copy_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str, description: Description) -> int:
    withheld = ", ".join(f'"{c}"' for c in sorted(description.withheld_columns))
    star = f"* exclude ({withheld})" if withheld else "*"
    target = f'publication.{schema}."{table}"'
    copied = connection.execute(f'create table {target} as select {star} from {schema}."{table}"').fetchone()
    if description.text:
        connection.execute(f"comment on table {target} is '{_quoted(description.text)}'")
    for column, text in description.columns.items():
        if text and column not in description.withheld_columns:
            connection.execute(f"comment on column {target}.\"{column}\" is '{_quoted(text)}'")
    return int(copied[0]) if copied else 0


def _verify(version: Path, expected: Mapping[str, int]) -> None:
    with duckdb.connect(str(version), read_only=True) as reader:
        for name, rows in expected.items():
            schema, table = name.split(".", 1)
            found = reader.execute(f'select count(*) from {schema}."{table}"').fetchone()
            if found is None or found[0] != rows:
                raise StellaError(f"Publishing: {name} holds {found} rows in the copy, {rows} in the warehouse.")


def _swap(link: Path, version: Path) -> None:
    fresh = link.with_name(f".{LINK}.{os.getpid()}")
    with suppress(FileNotFoundError):
        fresh.unlink()
    fresh.symlink_to(Path("versions") / version.name)
    fresh.replace(link)


def _prune(versions: Path, current: Path, keep: int) -> None:
    """Remove the oldest versions; a reader that still holds one open keeps its data, as on any POSIX system."""
    for old in sorted(versions.glob("stella-*.duckdb"))[:-keep]:
        if old != current:
            _remove(old)


def _remove(version: Path) -> None:
    for path in (version, version.with_name(version.name + ".wal")):
        with suppress(FileNotFoundError):
            path.unlink()


def _quoted(text: str) -> str:
    return text.replace("'", "''")
