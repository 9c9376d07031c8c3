"""One at a time: who holds the lock is named, waiting works, and a killed holder is in nobody's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dagster_project.operations.lock import HeldError, hold, holder, left_by
from dagster_project.settings import REPOSITORY, Settings

HOLDING = """
import sys, time
from pathlib import Path
from dagster_project.operations.lock import hold
from dagster_project.settings import Settings
with hold(Settings(company=sys.argv[1], home=Path(sys.argv[2])), "stella run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    company = tmp_path / "shop"
    company.mkdir()
    (company / "company.yml").write_text("name: shop\n")
    return Settings(company=str(company), home=tmp_path / "home")


@pytest.fixture
def other(settings: Settings) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, settings.company, str(settings.home)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_it_says_who_is_at_work(settings: Settings, other: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(HeldError, match=rf"`stella run` \(process {other.pid}\) since 20") as fault,
        hold(settings, "x"),
    ):
        pass
    assert fault.value.exit_code == 4
    found = holder(settings)
    assert found is not None
    assert found.pid == other.pid


def test_it_waits_for_the_other_to_end(settings: Settings, other: subprocess.Popen[str]) -> None:
    told: list[str] = []
    threading.Timer(0.6, other.kill).start()
    with hold(settings, "x", wait_seconds=20, on_wait=told.append):
        pass
    assert len(told) == 1


def test_waiting_has_an_end(settings: Settings, other: subprocess.Popen[str]) -> None:
    began = time.monotonic()
    with pytest.raises(HeldError), hold(settings, "x", wait_seconds=0.5):
        pass
    assert 0.5 <= time.monotonic() - began < 10
    assert other.poll() is None


def test_a_killed_holder_is_not_in_the_way_and_is_told_once(settings: Settings, other: subprocess.Popen[str]) -> None:
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert holder(settings) is None
    found = left_by(settings)
    assert found is not None
    assert found.pid == other.pid
    with hold(settings, "x") as left:
        assert left == found
    with hold(settings, "x") as left:
        assert left is None


def test_a_fault_of_the_holder_releases_it(settings: Settings) -> None:
    with pytest.raises(ValueError, match="any"), hold(settings, "x"):
        raise ValueError("any")
    assert holder(settings) is None
    assert left_by(settings) is None
