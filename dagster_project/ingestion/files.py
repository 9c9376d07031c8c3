"""The files of a feed: finding them, telling their format, opening each with its reader.

Belongs here: from a glob to a reading. What the readers do is in `reading_*.py`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.ingestion.company_file import FeedSource, ReadOptions
from dagster_project.ingestion.fault import FileFault, PassingFault
from dagster_project.ingestion.reading import Place, Reading
from dagster_project.ingestion.reading_csv import read_csv, repair_csv
from dagster_project.ingestion.reading_json import read_json
from dagster_project.ingestion.reading_tables import read_excel, read_parquet
from dagster_project.ingestion.scanning import compression_of

_BY_SUFFIX = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".parquet": "parquet", ".pq": "parquet", ".xlsx": "excel", ".xlsm": "excel",
}  # fmt: skip
_COMPRESSED = {".gz", ".gzip", ".zst", ".zstd", ".zip"}


@dataclass(frozen=True)
class Found:
    """A file of a feed. `name` is its path below the landing folder, and how it is known ever after."""

    path: Path
    name: str
    size: int
    modified_ns: int

    def is_as_it_was(self) -> bool:
        """Whether nobody has written to it since it was found."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size, self.modified_ns)


def find_files(landing: Path, source: FeedSource) -> list[Found]:
    """Find the files of a feed, in the order of their names, hidden ones left out."""
    paths: set[Path] = set()
    for pattern in source.files:
        expanded = Path(os.path.expandvars(pattern)).expanduser()
        if expanded.is_absolute():
            paths |= set(Path(expanded.anchor).glob(str(expanded.relative_to(expanded.anchor))))
        else:
            paths |= set(landing.glob(pattern))
            paths |= {landing / pattern} if (landing / pattern).is_file() else set()
    found = [_found(path, landing) for path in paths if not path.name.startswith(".")]
    return sorted((file for file in found if file is not None), key=lambda file: file.name)


def _found(path: Path, landing: Path) -> Found | None:
    try:
        if not path.is_file():
            return None
        stat = path.stat()
    except OSError:
        return None
    name = path.relative_to(landing).as_posix() if path.is_relative_to(landing) else path.as_posix()
    return Found(path, name, stat.st_size, stat.st_mtime_ns)


def format_of(path: Path, named: str | None) -> str:
    """Tell a file's format: as company.yml names it, else by its suffix, a compression's left aside.

    Raises:
        FileFault: the suffix tells nothing.
    """
    if named:
        return named
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    if not suffixes or suffixes[-1] not in _BY_SUFFIX:
        old = " (an old workbook is to be saved as .xlsx)" if ".xls" in suffixes else ""
        raise FileFault(f"its name does not tell its format; give it as format in company.yml{old}")
    return _BY_SUFFIX[suffixes[-1]]


def open_file(
    connection: duckdb.DuckDBPyConnection, file: Found, source: FeedSource, columns: Mapping[str, str], place: Place,
    is_repair: bool = False,
) -> Reading:  # fmt: skip
    """Open a file with the reader of its format; `columns` are the contract's, with their types.

    Raises:
        FileFault: it cannot be read at all.
    """
    try:
        return _open(connection, file, source, columns, place, is_repair)
    except FileNotFoundError:
        raise PassingFault("it went away while it was being read") from None
    except PermissionError:
        raise PassingFault("it may not be read; its permissions forbid it") from None
    except UnicodeError:
        raise FileFault("it is not text in its encoding") from None


def _open(
    connection: duckdb.DuckDBPyConnection, file: Found, source: FeedSource, columns: Mapping[str, str], place: Place,
    is_repair: bool,
) -> Reading:  # fmt: skip
    if file.size == 0:
        raise FileFault("it is empty")
    kind = format_of(file.path, source.format)
    path = _plain_name(file.path, place)
    if kind == "parquet":
        return read_parquet(connection, path, place)
    if kind == "excel":
        dated = {name for name, type_ in columns.items() if type_ in ("date", "timestamp")}
        return read_excel(connection, path, source.options, dated, place)
    compression = compression_of(path)
    if kind == "json":
        return read_json(connection, path, compression, source.options, place)
    return _open_csv(connection, path, compression, source.options, columns, place, is_repair)


def _open_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, compression: str, options: ReadOptions, wanted: Collection[str],
    place: Place, is_repair: bool,
) -> Reading:  # fmt: skip
    if is_repair:
        return repair_csv(connection, path, compression, options, wanted, place)
    return read_csv(path, compression, options, wanted, place)


def _plain_name(path: Path, place: Place) -> Path:
    """Give a link with a plain name to a file whose name the engine would take for a pattern or an address."""
    if re.fullmatch(r"[\w/.+=@%, -]+", str(path), re.ASCII):
        return path
    link = place.scratch / f"link_{len(list(place.scratch.iterdir()))}{path.suffix}"
    link.symlink_to(path.resolve())
    return link
