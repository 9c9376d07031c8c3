"""Dagster's events in its own store, opened once."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from dagster_project.defs.event_log import OPEN_FILES, EventLog
from dagster_project.defs.run import prepare_instance
from dagster_project.settings import get_settings


@dg.asset
def answer() -> int:
    return 42


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", "put back afterwards")
    return prepare_instance(get_settings(home=tmp_path))


def _run() -> dg.RunRecord:
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        result = dg.materialize([answer], instance=instance)
        assert result.success
        return instance.get_run_records(dg.RunsFilter(run_ids=[result.run_id]))[0]


def test_dagsters_own_store_reads_what_was_written(home: Path) -> None:
    run_id = _run().dagster_run.run_id
    plain = SqliteEventLogStorage(str(home / "history" / "runs"))
    kinds = [e.dagster_event_type for e in plain.get_logs_for_run(run_id) if e.is_dagster_event]
    assert kinds.count(dg.DagsterEventType.ASSET_MATERIALIZATION) == 1
    assert kinds[-1] == dg.DagsterEventType.RUN_SUCCESS
    assert plain.get_latest_materialization_events([dg.AssetKey("answer")])[dg.AssetKey("answer")] is not None


def test_it_stays_open_and_does_not_wait_for_the_disk(home: Path) -> None:
    _run()
    with dg.DagsterInstance.get() as instance:
        log = instance.event_log_storage
        assert isinstance(log, EventLog)
        with log.index_connection() as first:
            driver = first.connection.driver_connection
            assert first.exec_driver_sql("pragma synchronous").scalar() == 1
            assert first.exec_driver_sql("pragma journal_mode").scalar() == "wal"
        with log.index_connection() as second:
            assert second.connection.driver_connection is driver


def test_only_a_few_files_stay_open(home: Path) -> None:
    runs = [_run().dagster_run.run_id for _ in range(OPEN_FILES + 2)]
    with dg.DagsterInstance.get() as instance:
        assert all(instance.all_logs(run_id) for run_id in runs)
        assert len(instance.event_log_storage._engines) == OPEN_FILES  # type: ignore[attr-defined]


def test_a_table_that_is_there_is_asked_for_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(SqliteEventLogStorage, "has_table", lambda _, name: asked.append(name) or name != "missing")
    with dg.DagsterInstance.get() as instance:
        log = instance.event_log_storage
        assert isinstance(log, EventLog)
        assert [log.has_table(name) for name in ("there", "there", "missing", "missing")] == [True, True, False, False]
    assert asked.count("there") == 1
    assert asked.count("missing") == 2
