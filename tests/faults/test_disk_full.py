"""A disk that fills up while a run loads, builds or publishes: told, nothing lost, and the next run recovers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
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
    with ballast.open("wb") as file:
        left = shutil.disk_usage(disk).free - free
        os.posix_fallocate(file.fileno(), 0, left)
    return ballast


@pytest.mark.parametrize(
    "free_bytes",
    [pytest.param(n, id=f"{n // 1024} KiB free") for n in (0, 256 << 10, 2 * MEBIBYTE, 8 * MEBIBYTE, 16 * MEBIBYTE)],
)
def test_a_full_disk_loses_nothing(
    shop: Shop, forker: Forker, undisturbed: Undisturbed, disk: Path, free_bytes: int
) -> None:
    there = Shop(shop.company, disk, shop.kept, shop.today)
    ballast = _fill(disk, free_bytes)
    watcher = Watcher(there.published)
    with watcher.watching():
        code, said = forker.run("run", STELLA_HOME=str(disk))
        # It fits, or it ends with a word on the disk.
        assert "Traceback" not in said, said[-3000:]
        if code in {0, 3}:
            pytest.skip("it fits")
        assert code == 1, said[-3000:]
        assert "disk" in said.lower() or "space" in said.lower(), said[-3000:]
        assert content(there.published) == undisturbed.before
        ballast.unlink()
        code, said = forker.run("run", STELLA_HOME=str(disk))
    assert code == undisturbed.code, said[-3000:]
    assert watcher.faults == []
    assert content(there.published) == undisturbed.after
    assert built(there.database) == undisturbed.built
