"""A run killed at a random moment: readers never notice, and the next run ends as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from dagster_project.operations.lock import left_by
from dagster_project.settings import Settings
from tests.faults.runner import Forker, Shop, Undisturbed, Watcher, built
from tests.integration.runs import content

pytestmark = pytest.mark.xdist_group("faults")
SEED = 20_260_701
KILLS = 100


def _kill_and_recover(shop: Shop, forker: Forker, undisturbed: Undisturbed, at: tuple[int, float]) -> bool:
    """Kill a run so many steps and, within the next, seconds after its start; run again, and compare.

    Returns whether it was killed: at the very end it may have ended before.
    """
    done, seconds = at
    watcher = Watcher(shop.published)
    with watcher.watching():
        pid = forker.start("run")
        while len(forker.steps()) < done:
            time.sleep(0.005)
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        ended = forker.wait()
        assert ended in {-signal.SIGKILL, undisturbed.code}
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
    assert shop.outbox() == undisturbed.outbox
    return ended == -signal.SIGKILL


def _moment(chance: random.Random, steps: list[tuple[str, float]], is_by_time: bool) -> tuple[int, float]:
    """Choose a step, each alike or by the time that it takes, and a moment within it."""
    weights = [seconds + 0.01 for _, seconds in steps] if is_by_time else None
    (at,) = chance.choices(range(len(steps)), weights)
    return at, chance.random() * steps[at][1]


def _kill_at(forker: Forker, verb: str, step: str, seconds: float, shown_before: set[str]) -> None:
    """Start a run and kill it seconds after it has shown a step, if none before it got as far."""
    pid = forker.start(verb)
    while step not in shown_before:
        assert Path(f"/proc/{pid}").exists(), forker.log.read_text()[-3000:]
        time.sleep(0.01)
        shown_before |= {name for name, _ in forker.steps()}
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    assert forker.wait() == -signal.SIGKILL
    shown_before |= {name for name, _ in forker.steps()}


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.faults) for n in range(2, 6))])
def test_a_run_killed_a_dozen_times_goes_on_where_it_was(
    shop: Shop, forker: Forker, first: Undisturbed, seed: int
) -> None:
    """Each time it is taken up, and killed again further on."""
    chance = random.Random(seed)
    names = [name for name, _ in first.steps if not name.startswith("test")]
    at = sorted(chance.sample(range(len(names) - 1), k=12))
    shown: set[str] = set()
    shop.empty()
    for number, step in enumerate(at):
        _kill_at(forker, "retry" if number else "run", names[step], chance.random() * 0.1, shown)
    code, said = forker.run("retry")
    assert code == first.code, said[-3000:]
    assert "was stopped before its end" in said
    made = {name for name, _ in forker.steps()}
    assert not made & {name for name in names[: at[-1]] if name.startswith("raw.")}
    assert content(shop.published) == first.after
    assert built(shop.database) == first.built
    assert shop.outbox() == first.outbox
    code, said = forker.run("retry")
    assert code == 2
    assert "nothing to take up" in said


@pytest.mark.faults
def test_a_hundred_killed_runs_leave_no_trace(
    shop: Shop, forker: Forker, undisturbed: Undisturbed, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)
    number = 1
    while number <= KILLS:
        at = _moment(chance, undisturbed.steps, is_by_time=number % 2 == 0)
        shop.restore()
        with capsys.disabled():
            print(f"kill {number:>3} in {undisturbed.steps[at[0]][0]} …", end="", flush=True)  # noqa: T201
        is_killed = _kill_and_recover(shop, forker, undisturbed, at)
        number += is_killed
        with capsys.disabled():
            print(" recovered" if is_killed else " had ended", flush=True)  # noqa: T201 - an hour without a word is long
