"""The tables of `raw` and `quarantine`, and the register `raw._load` of every file ever tried.

Belongs here: their shapes, and what is asked of the register. Filling them is in `storing.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from dagster_project import database
from dagster_project.ingestion.contract import Contract
from dagster_project.ingestion.reading import identifier
from dagster_project.settings import StellaError

META = {"_extra": "JSON", "_file": "VARCHAR", "_line": "BIGINT", "_row_hash": "VARCHAR",
        "_loaded_at": "TIMESTAMPTZ"}  # fmt: skip
_QUARANTINE = (
    "_raw JSON, _rule VARCHAR, _column VARCHAR, _message VARCHAR, _file VARCHAR, _line BIGINT, _loaded_at TIMESTAMPTZ"
)
_LOAD = """load_id BIGINT, feed VARCHAR, file VARCHAR, file_hash VARCHAR, rows_in BIGINT, rows_accepted BIGINT,
    rows_quarantined BIGINT, rows_unchanged BIGINT, status VARCHAR, reason VARCHAR, loaded_at TIMESTAMPTZ,
    amount_in DECIMAL(38,4), amount_accepted DECIMAL(38,4), amount_quarantined DECIMAL(38,4),
    file_bytes BIGINT, file_modified_ns BIGINT"""


@dataclass(frozen=True)
class Load:
    """A file tried: what it brought, or why it was set aside. Amounts are sums of the feed's first money column."""

    feed: str
    file: str
    file_hash: str | None
    status: str
    reason: str | None = None
    rows_in: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_unchanged: int = 0
    amount_in: Decimal | None = None
    amount_accepted: Decimal | None = None
    amount_quarantined: Decimal | None = None
    file_bytes: int | None = None
    file_modified_ns: int | None = None


def prepare(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, Contract]) -> None:
    """Create `raw.<feed>` and `quarantine.<feed>` for every feed, `raw._load` and `raw._watermark`.

    A feed's new columns are added when it is loaded (`new_columns.py`).

    Raises:
        StellaError: a column of `raw` has another type than its contract now says.
    """
    for schema in ("raw", "quarantine"):
        connection.execute(f"create schema if not exists {schema}")
    connection.execute(f"create table if not exists raw._load ({_LOAD})")
    connection.execute(
        "create table if not exists raw._watermark "
        "(feed VARCHAR, column_name VARCHAR, value VARCHAR, seen_at TIMESTAMPTZ)"
    )
    there = columns_of(connection)
    for feed, contract in contracts.items():
        wanted = {c.name: c.sql_type for c in contract.columns} | META
        listed = ", ".join(f"{identifier(name)} {kind}" for name, kind in wanted.items())
        connection.execute(f"create table if not exists raw.{feed} ({listed})")
        connection.execute(f"create table if not exists quarantine.{feed} ({_QUARANTINE})")
        for name, kind in wanted.items():
            _compare(feed, name, kind, there.get(feed, {}).get(name, kind))


def columns_of(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Give the columns of each table of `raw`, in their order, with the engine's types."""
    rows = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'raw' and database_name = current_database() order by table_name, column_index"
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
    return found


def check_columns(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, Contract]) -> None:
    """Make sure that every feed of `raw` has the columns of its contract, before something is built without a load.

    Raises:
        StellaError: a contract has won a column since the last load.
    """
    there = columns_of(connection)
    for feed, contract in contracts.items():
        missing = [name for name in contract.column_names if feed in there and name not in there[feed]]
        if missing:
            raise StellaError(
                f"raw.{feed} does not have yet what its contract has won since the last load: {', '.join(missing)}. "
                f"Give it to the rows that are there with `stella load --feed {feed}`, or with `stella run`."
            )


def _compare(feed: str, name: str, kind: str, there: str) -> None:
    if there != kind:
        raise StellaError(
            f"raw.{feed}.{name} is {there} and its contract now says {kind}. "
            "Load into a new working folder (STELLA_HOME), or give the column back its type."
        )


def next_moment(connection: duckdb.DuckDBPyConnection) -> datetime:
    """Choose the moment of a load: now, but after every load before it."""
    return database.next_moment(connection, "raw._load", "loaded_at")


@dataclass(frozen=True)
class Known:
    """What the register knows of a feed's files: hashes loaded, and the file's size and time when it was.

    Of whole lists it knows the last one of each file: an older one that comes again says that things are as they were.
    """

    hashes: frozenset[str]
    stamps: Mapping[tuple[str, int, int], datetime]
    lists: frozenset[tuple[str, str]] | None = None

    def is_loaded(self, file: str, digest: str) -> bool:
        """Whether a content was loaded: under any name, or of whole lists as the last one of its file."""
        return digest in self.hashes if self.lists is None else (file, digest) in self.lists

    def is_untouched(self, file: str, size: int, modified_ns: int) -> bool:
        """Whether a file is as it was when it was loaded, so that its bytes need not be read again.

        A time less than two seconds older than the load proves nothing: the file may have been written again since.
        """
        loaded_at = self.stamps.get((file, size, modified_ns))
        return loaded_at is not None and loaded_at.timestamp() - modified_ns / 1e9 > 2


def known_files(connection: duckdb.DuckDBPyConnection, feed: str, is_whole_list: bool = False) -> Known:
    """Read what the register knows of a feed's files.

    A copy counts where what it is a copy of was loaded: a run may have been killed, or have held it back, in between.
    """
    last = " qualify row_number() over (partition by file order by load_id desc) = 1" if is_whole_list else ""
    rows = connection.execute(
        "select file, file_hash, file_bytes, file_modified_ns, loaded_at from raw._load "
        "where feed = ? and (status = 'loaded' or status = 'already_loaded' and file_hash in "
        f"(select file_hash from raw._load where feed = ? and status = 'loaded')){last}", [feed, feed],
    ).fetchall()  # fmt: skip
    return Known(
        frozenset(row[1] for row in rows if row[1]),
        {(row[0], row[2], row[3]): row[4] for row in rows if row[3] is not None},
        frozenset((row[0], row[1]) for row in rows) if is_whole_list else None,
    )


def note_copy(connection: duckdb.DuckDBPyConnection, copy: Load, moment: datetime) -> None:
    """Register a file whose content is known, once; its size and time spare it being read at the next run."""
    connection.execute(
        "delete from raw._load where feed = ? and file = ? and file_hash = ? and status = 'already_loaded'",
        [copy.feed, copy.file, copy.file_hash],
    )
    register(connection, [copy], moment)


def register(connection: duckdb.DuckDBPyConnection, loads: list[Load], moment: datetime) -> None:
    """Write files tried into the register; a file set aside again takes the place of its last entry."""
    for load in loads:
        if load.status == "set_aside":
            connection.execute(
                "delete from raw._load where feed = ? and file = ? and status = 'set_aside'", [load.feed, load.file]
            )
        values: list[Any] = [
            load.feed, load.file, load.file_hash, load.rows_in, load.rows_accepted, load.rows_quarantined,
            load.rows_unchanged, load.status, load.reason, moment, load.amount_in, load.amount_accepted,
            load.amount_quarantined, load.file_bytes, load.file_modified_ns,
        ]  # fmt: skip
        marks = ", ".join("?" for _ in values)
        connection.execute(
            f"insert into raw._load select coalesce(max(load_id), 0) + 1, {marks} from raw._load", values
        )


def same_key(contract: Contract, left: str, right: str) -> str:
    """Compare keys; a key's optional columns may be null on both sides."""
    return " and ".join(
        f"{left}.{identifier(key)} {'=' if contract.column(key).required else 'is not distinct from'} "
        f"{right}.{identifier(key)}"
        for key in contract.keys
    )
