"""Where Dagster writes its events: its own SQLite store, opened once instead of once an event.

A run writes more than a thousand events. Dagster's store opens the file anew for each, waits until the disk has it, and
folds the write-ahead log back at every closing; on a plain disk that took a third of a run. Here a file stays open, and
SQLite waits for the disk only when it folds the log: after a power cut the last events may be missing, never the file.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

OPEN_FILES = 4
"""So many files stay open: the index and those of the latest runs."""


class EventLog(SqliteEventLogStorage):
    """Dagster's event store with its connections kept; the files are the same and either class reads them."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._known_tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> EventLog:
        """Make the store that `dagster.yaml` asks for, where Dagster's own would be."""
        return cls(str(Path(config_value["base_dir"]) / "history" / "runs"), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        if shard in self._engines:
            self._engines.move_to_end(shard)
            return self._engines[shard]
        while len(self._engines) >= OPEN_FILES:
            self._engines.popitem(last=False)[1].dispose()
        if shard not in self._initialized_dbs:
            self._initdb(create_engine(self.conn_string_for_shard(shard), poolclass=NullPool))
            self._initialized_dbs.add(shard)
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=StaticPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        event.listen(engine, "connect", _do_not_wait_for_the_disk)
        self._engines[shard] = engine
        return engine

    def has_table(self, table_name: str) -> bool:
        """Tell whether the index has a table; what it has it keeps, and Dagster asks twice an event."""
        if table_name not in self._known_tables and super().has_table(table_name):
            self._known_tables.add(table_name)
        return table_name in self._known_tables

    def delete_events(self, run_id: str) -> None:
        """Delete a run's events, and the file that held them, which Dagster's own store leaves behind empty."""
        super().delete_events(run_id)
        if run_id in self._engines:
            self._engines.pop(run_id).dispose()
        self._initialized_dbs.discard(run_id)
        for ending in ("", "-wal", "-shm"):
            Path(self.path_for_shard(run_id) + ending).unlink(missing_ok=True)

    def dispose(self) -> None:
        """Close every file."""
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


def _do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    connection.execute("pragma synchronous = normal")
