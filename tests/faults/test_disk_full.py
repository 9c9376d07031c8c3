"""A disk that fills up while a run loads, builds or publishes: told, nothing lost, and the next run recovers."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.runner import Forker, Shop, Undisturbed, Watcher, built
from tests.integration.runs import content

pytestmark = [
    pytest.mark.faults,
    pytest.mark.xdist_group("faults"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk of its own can only be mounted by root"),
]
MEBIBYTE = 1 << 20


@pytest.fixture
def disk(shop: Shop, undisturbed: Undisturbed, tmp_path: Path) -> Iterator[Path]:
    """The home of the shop on a disk of its own, with today's files to load."""
    shop.restore()
    used = sum(path.stat().st_size for path in shop.folder.rglob("*") if path.is_file() and not path.is_symlink())
    mount = tmp_path / "disk"
    mount.mkdir()
    size = f"size={used + 400 * MEBIBYTE}"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(mount)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let a small disk be mounted")
    try:
        shutil.copytree(shop.folder, mount / shop.company.name, symlinks=True)
        yield mount
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=False)


def _fill(disk: Path, free: int) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb") as file, suppress(OSError):
        # Piece by piece, for a run that is at work takes of it too.
        while (left := shutil.disk_usage(disk).free - free) > 0:
            os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, min(left, MEBIBYTE))
    return ballast


SIZES = {f"{n // 1024} KiB free": n for n in (0, 256 << 10, 2 * MEBIBYTE, 8 * MEBIBYTE)}


@pytest.mark.parametrize("free_bytes", SIZES.values(), ids=SIZES)
def test_a_full_disk_loses_nothing(
    shop: Shop, forker: Forker, undisturbed: Undisturbed, disk: Path, free_bytes: int
) -> None:
    ballast = _fill(disk, free_bytes)
    forker.start("run", STELLA_HOME=str(disk))
    _fails_and_recovers(Shop(shop.company, disk, shop.kept, shop.today), forker, undisturbed, ballast)


@pytest.mark.parametrize("step", ["raw.", "staging.", "warehouse.fct", "marts.", "decisions"])
def test_a_disk_that_fills_up_in_a_step_loses_nothing(
    shop: Shop, forker: Forker, undisturbed: Undisturbed, disk: Path, step: str
) -> None:
    pid = forker.start("run", STELLA_HOME=str(disk))
    while not any(name.startswith(step) for name, _ in forker.steps()):
        assert Path(f"/proc/{pid}").exists()
        time.sleep(0.005)
    _fails_and_recovers(Shop(shop.company, disk, shop.kept, shop.today), forker, undisturbed, _fill(disk, 0))


def _fails_and_recovers(there: Shop, forker: Forker, undisturbed: Undisturbed, ballast: Path) -> None:
    """Wait for the run that was started: it ends with a word on the disk, and the next one as if nothing had been."""
    watcher = Watcher(there.published)
    with watcher.watching():
        code, said = forker.wait(), forker.log.read_text()
        assert code == 1, said[-3000:]
        assert "Traceback" not in said, said[-3000:]
        assert "the disk is full" in said, said[-3000:]
        assert content(there.published) == undisturbed.before
        ballast.unlink()
        code, said = forker.run("run", STELLA_HOME=str(there.home))
    assert code == undisturbed.code, said[-3000:]
    assert watcher.faults == []
    assert content(there.published) == undisturbed.after
    assert built(there.database) == undisturbed.built
    assert there.outbox() == undisturbed.outbox
