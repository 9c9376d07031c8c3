"""Faults of the machine are told in one message, whoever raised them; others are nobody's to swallow."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import duckdb
import pytest

from dagster_project.database import connect
from dagster_project.machine import is_disk_full, make_folder, told
from dagster_project.settings import StellaError, get_settings


def _caused(fault: Exception, cause: Exception) -> Exception:
    fault.__cause__ = cause
    return fault


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "fault",
    [
        FULL,
        duckdb.IOException('IO Error: Could not write file "x": No space left on device'),
        _caused(RuntimeError("the step failed"), FULL),
        RuntimeError("(sqlite3.OperationalError) database or disk is full"),
    ],
)
def test_a_full_disk_is_known_whoever_tells_of_it(fault: Exception) -> None:
    assert is_disk_full(fault)
    assert "the disk is full" in str(told(fault))


def test_what_may_not_be_written_is_named() -> None:
    said = told(PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/home/x"))
    assert said is not None
    assert said.startswith("/home/x: permission denied.")


@pytest.mark.parametrize("fault", [ValueError("no such column"), FileNotFoundError(errno.ENOENT, "no such file", "x")])
def test_faults_of_our_own_are_not_the_machines(fault: Exception) -> None:
    assert told(fault) is None


def test_a_folder_that_cannot_be_made_is_a_users_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StellaError, match=r"not a directory.*STELLA_HOME"):
        make_folder(tmp_path / "file" / "demo")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_a_users_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StellaError, match="STELLA_HOME"):
        make_folder(tmp_path)


def test_a_damaged_warehouse_is_told_with_what_to_do(tmp_path: Path) -> None:
    settings = get_settings(home=tmp_path)
    make_folder(settings.company_home)
    settings.database.write_bytes(b"no database " * 4096)
    with pytest.raises(StellaError, match=r"build\.duckdb cannot be opened .*move it away"), connect(settings):
        pass


def test_the_warehouse_opens_again_beside_a_connection_that_has_spilled(tmp_path: Path) -> None:
    settings = get_settings(home=tmp_path, memory_limit="100MB")
    with connect(settings) as first:
        first.execute(
            "create temp table wide as select i, hash(i)::text || hash(-i)::text as t from range(2_000_000) as r(i)"
        )
        first.execute("create temp table sorted as from wide order by t")
        assert first.execute("from duckdb_temporary_files()").fetchall()
        with connect(settings) as second:
            assert second.execute("select 1").fetchone() == (1,)
