"""A run killed at a random moment: readers never notice, and the next run ends as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from dagster_project.operations.lock import left_by
from dagster_project.settings import Settings
from tests.faults.runner import Forker, Shop, Undisturbed, Watcher, built
from tests.integration.runs import content

pytestmark = pytest.mark.xdist_group("faults")
SEED = 20_260_701
KILLS = 100


def _kill_and_recover(shop: Shop, forker: Forker, undisturbed: Undisturbed, at: tuple[int, float]) -> None:
    """Kill a run so many steps and, within the next, seconds after its start; run again, and compare."""
    done, seconds = at
    watcher = Watcher(shop.published)
    with watcher.watching():
        pid = forker.start("run")
        while len(forker.steps()) < done:
            time.sleep(0.005)
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
        assert forker.wait() == -signal.SIGKILL
        left = left_by(Settings(company=str(shop.company), home=shop.home))
        assert left is None or left.pid == pid
        code, said = forker.run("run")
    assert code == undisturbed.code, said
    assert (left is not None) == ("was stopped before its end" in said)
    assert watcher.faults == []
    assert watcher.polls > 2 or undisturbed.before is None
    assert all(found in (undisturbed.before, undisturbed.after) for found in watcher.found.values())
    assert content(shop.published) == undisturbed.after
    assert built(shop.database) == undisturbed.built


def _moment(chance: random.Random, steps: list[tuple[str, float]], is_by_time: bool) -> tuple[int, float]:
    """Choose a step, each alike or by the time that it takes, and a moment within it."""
    weights = [seconds + 0.01 for _, seconds in steps] if is_by_time else None
    (at,) = chance.choices(range(len(steps)), weights)
    return at, chance.random() * steps[at][1]


def test_a_killed_run_leaves_no_trace(shop: Shop, forker: Forker, first: Undisturbed) -> None:
    shop.empty()
    _kill_and_recover(shop, forker, first, _moment(random.Random(SEED), first.steps, is_by_time=True))


@pytest.mark.faults
def test_a_hundred_killed_runs_leave_no_trace(
    shop: Shop, forker: Forker, undisturbed: Undisturbed, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)
    for number in range(1, KILLS + 1):
        at = _moment(chance, undisturbed.steps, is_by_time=number % 2 == 0)
        shop.restore()
        with capsys.disabled():
            print(f"kill {number:>3} in {undisturbed.steps[at[0]][0]} …", end="", flush=True)  # noqa: T201
        _kill_and_recover(shop, forker, undisturbed, at)
        with capsys.disabled():
            print(" recovered", flush=True)  # noqa: T201 - an hour without a word is long
