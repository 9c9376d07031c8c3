"""Make a version of the finished tables, check it, and swap it in.

Readers follow `published/stella.duckdb`, a symbolic link to the newest version. The link is replaced atomically: a
reader holds either the old version or the new one, never half of either. When anything fails the link stays.

A version is a fresh file, or grows out of a copy of the former one where the run knows what has changed since.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import duckdb

from dagster_project import clock
from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.masking import Column, mask_texts
from dagster_project.privacy.pseudonym import install
from dagster_project.publishing.columns import column_types, is_restricted, publication_select
from dagster_project.publishing.copying import PUBLISHED_SCHEMAS, Select, copy_tables
from dagster_project.publishing.exchanging import exchange_tables
from dagster_project.publishing.growth import basis_of, forget_version, generation, note_version, remember_version
from dagster_project.publishing.privacy import Description
from dagster_project.settings import Settings, StellaError

LINK = "stella.duckdb"
PERSONAL_LINK = "stella_personal.duckdb"
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
    key: PseudonymKey | None = None,
    kept: Collection[tuple[str, str]] | None = None,
) -> Publication:
    """Publish the warehouse, marts, scores and decisions without their personal columns.

    Where the settings ask for it, a second file carries the tables that have personal columns, whole, for its owner.

    Args:
        connection: the open warehouse.
        settings: names the folder and how many versions are kept.
        descriptions: of tables and columns, by (schema, table); see `privacy.describe`.
        as_of: the day for which was scored and decided.
        key: of the pseudonyms; without it nothing is personal, and references stay as they are.
        kept: in a run that brought tables up to date after one that published, those (schema, table) that it left as
            they were; none where tables were built whole.

    Raises:
        StellaError: the copy does not hold what the warehouse holds; the former version stays in place.
    """
    started = time.perf_counter()
    types = {
        name: columns
        for name, columns in column_types(connection, PUBLISHED_SCHEMAS).items()
        if not descriptions.get(name, Description()).is_withheld
    }
    texts = [
        (*name, column)
        for name, columns in types.items()
        for column, kind in columns.items()
        if name in descriptions and column in descriptions[name].masked_columns and kind == "VARCHAR"
    ]
    selects = _selects(connection, types, texts, descriptions, as_of, key)
    versions, link = settings.published / "versions", settings.published / LINK
    versions.mkdir(parents=True, exist_ok=True)
    version, basis = _new_version(versions), basis_of(types, descriptions, key)
    former = link.resolve() if kept is not None and link.exists() else None
    number = generation(connection, former, basis, texts) if former else 0
    forget_version(connection)

    def fill(part: Path) -> dict[str, int]:
        if former is None or number == 0:
            expected = copy_tables(connection, part, selects, descriptions)
        else:
            shutil.copyfile(former, part)
            expected = exchange_tables(connection, part, selects, descriptions, kept or (), as_of)
        note_version(connection, part, as_of, basis, number)
        return expected

    expected = _make(version, fill, 0o444)
    _swap(link, version)
    _prune(versions, version, settings.keep_versions)
    _publish_personal(connection, settings, descriptions, as_of)
    remember_version(connection, texts)
    return Publication(link, version, len(expected), sum(expected.values()), time.perf_counter() - started)


def _new_version(versions: Path) -> Path:
    """Name the version after its moment, or after the next free one: the clock may stand still."""
    moment = clock.now()
    while (version := versions / f"stella-{moment:%Y%m%dT%H%M%S%f}.duckdb").exists():
        moment += timedelta(microseconds=1)
    return version


def _selects(
    connection: duckdb.DuckDBPyConnection,
    types: Mapping[tuple[str, str], Mapping[str, str]],
    texts: Sequence[Column],
    descriptions: Mapping[tuple[str, str], Description],
    as_of: date,
    key: PseudonymKey | None,
) -> dict[tuple[str, str], Select]:
    """Write the select of each published table, and mask the texts that it draws on."""
    masked = mask_texts(connection, texts, as_of, key)
    if key is not None:
        # The search for erased persons has used the macros with their keys.
        install(connection, key.current)
    return {
        name: partial(
            publication_select, *name, columns, descriptions.get(name, Description()), key is not None,
            [column for *table, column in masked if tuple(table) == name],
        )
        for name, columns in types.items()
    }  # fmt: skip


def _publish_personal(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    descriptions: Mapping[tuple[str, str], Description],
    as_of: date,
) -> None:
    """Make, or take away, the restricted file: each table of which something is withheld, whole."""
    folder, link = settings.published / "personal", settings.published / PERSONAL_LINK
    if not settings.publish_personal:
        link.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    selects: dict[tuple[str, str], Select] = {
        (schema, table): partial(publication_select, schema, table, {}, Description(), False)
        for (schema, table), types in column_types(connection, PUBLISHED_SCHEMAS).items()
        if is_restricted(descriptions.get((schema, table), Description()), types)
    }
    version = _new_version(folder)

    def fill(part: Path) -> dict[str, int]:
        expected = copy_tables(connection, part, selects, descriptions)
        note_version(connection, part, as_of)
        return expected

    _make(version, fill, 0o600)
    _swap(link, version)
    _prune(folder, version, 1)


def _make(version: Path, fill: Callable[[Path], dict[str, int]], mode: int) -> dict[str, int]:
    """Make a version; return its rows by table. Only what is whole bears a version's name: a killed run leaves none."""
    for left in version.parent.glob(f"*{PART}*"):
        left.unlink()
    part = version.with_suffix(PART)
    try:
        expected = fill(part)
        _verify(part, expected)
    except BaseException:
        _remove(part)
        raise
    part.chmod(mode)
    part.rename(version)
    return expected


def _verify(version: Path, expected: Mapping[str, int]) -> None:
    with duckdb.connect(str(version), read_only=True) as reader:
        for name, rows in expected.items():
            schema, table = name.split(".", 1)
            found = reader.execute(f'select count(*) from {schema}."{table}"').fetchone()
            if found is None or found[0] != rows:
                raise StellaError(f"Publishing: {name} holds {found} rows in the copy, {rows} in the warehouse.")


def _swap(link: Path, version: Path) -> None:
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        fresh.unlink()
    fresh.symlink_to(version.relative_to(link.parent))
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
