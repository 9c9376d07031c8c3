"""Faults of the machine, told in one message: a full disk, a folder that may not be written to.

Belongs here: recognising them, whoever raised them. Whose fault they interrupt is the caller's affair.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from dagster_project.settings import StellaError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
# What DuckDB, SQLite and dbt make of it: they have no error of its own for it.
# SQLite says "disk I/O error" where it cannot lengthen the file by which its processes talk to each other.
_SAID_WHEN_FULL = ("no space left on device", "disk is full", "disk quota exceeded", "disk i/o error")

_ELSEWHERE = "Set STELLA_HOME to a folder that this user may write to."


def is_disk_full(fault: BaseException) -> bool:
    """Whether a fault, or what led to it, is a disk without space."""
    return any(_is_full(each) for each in _chain(fault))


def told(fault: BaseException) -> str | None:
    """Say what the machine refused and what to do, if a fault, or what led to it, is the machine's; else none."""
    if is_disk_full(fault):
        return (
            "the disk is full, or cannot be written to. Free some space, or give STELLA_HOME another disk, and run "
            "again; nothing is lost."
        )
    for each in _chain(fault):
        if isinstance(each, OSError) and each.errno in _FORBIDDEN:
            where = f"{each.filename}: " if each.filename else ""
            return (
                f"{where}{(each.strerror or 'not permitted').lower()}. Give this user the right to it, and run again."
            )
    return None


def make_folder(path: Path) -> None:
    """Make a folder of the working folder, if it is not there.

    Raises:
        StellaError: it cannot be made, or not be written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        if is_disk_full(fault):
            raise
        raise StellaError(
            f"{path}: this folder cannot be made ({(fault.strerror or '').lower()}). {_ELSEWHERE}"
        ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise StellaError(f"{path}: this folder may not be written to. {_ELSEWHERE}")


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or fault.__context__


def _is_full(fault: BaseException) -> bool:
    if isinstance(fault, OSError) and fault.errno in _FULL:
        return True
    said = str(fault).lower()
    return any(sign in said for sign in _SAID_WHEN_FULL)
