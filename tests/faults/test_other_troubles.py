"""What else befalls a run: little memory, another run, a clock set back, a model that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest

from dagster_project.operations.lock import EXIT_HELD, hold
from dagster_project.settings import Settings
from tests.faults.runner import Forker, Shop, Undisturbed, built
from tests.integration.runs import content

pytestmark = pytest.mark.xdist_group("faults")


@contextmanager
def _held(shop: Shop, seconds: float) -> Iterator[None]:
    """Hold the shop's lock for so long, as another run would."""
    has, done = threading.Event(), threading.Event()

    def work() -> None:
        with hold(Settings(company=str(shop.company), home=shop.home), "stella run"):
            has.set()
            done.wait(seconds)

    other = threading.Thread(target=work)
    other.start()
    has.wait()
    try:
        yield
    finally:
        done.set()
        other.join()


def test_a_second_run_says_who_is_at_work(shop: Shop, forker: Forker, first: Undisturbed) -> None:
    with _held(shop, seconds=60):
        code, said = forker.run("run")
    assert code == EXIT_HELD
    assert "is held by `stella run` (process" in said.replace("\n", " ")


def test_a_second_run_waits_for_the_first(shop: Shop, forker: Forker, first: Undisturbed) -> None:
    with _held(shop, seconds=2):
        code, said = forker.run("run", "--wait", "120")
    assert code == first.code, said
    assert "Waiting for `stella run`" in said


@pytest.mark.faults
@pytest.mark.parametrize("limit", ["128MB", "160MB", "200MB"])
def test_little_memory_changes_nothing(shop: Shop, forker: Forker, undisturbed: Undisturbed, limit: str) -> None:
    shop.restore()
    code, said = forker.run("run", STELLA_MEMORY_LIMIT=limit)
    assert code == undisturbed.code, said[-3000:]
    assert content(shop.published) == undisturbed.after


@pytest.mark.faults
def test_a_clock_set_back_changes_nothing(shop: Shop, forker: Forker, undisturbed: Undisturbed) -> None:
    shop.restore()
    code, said = forker.run("run", STELLA_NOW="2026-07-02T06:00:00+02:00")
    assert code == undisturbed.code, said[-3000:]
    assert content(shop.published) == undisturbed.after
    assert built(shop.database) == undisturbed.built
    assert shop.outbox() == undisturbed.outbox
    with duckdb.connect(str(shop.database), read_only=True) as reader:
        (is_in_order,) = reader.execute(
            "select bool_and(coalesce(loaded_at >= before, true)) from "
            "(select loaded_at, lag(loaded_at) over (order by load_id) as before from raw._load)"
        ).fetchone() or (False,)
    assert is_in_order


@pytest.mark.faults
def test_a_model_that_fails_stops_what_draws_on_it_and_nothing_else(
    shop: Shop, forker: Forker, undisturbed: Undisturbed
) -> None:
    shop.restore()
    yesterday = built(shop.database)
    code, said = forker.run("run", breaking="fct_return")
    assert code == 1, said[-3000:]
    assert "the model is broken" in said
    assert "Traceback" not in said
    assert content(shop.published) == undisturbed.before
    now = built(shop.database)
    assert now["raw.order_lines"] == undisturbed.built["raw.order_lines"]
    assert now["staging.stg_returns"] == undisturbed.built["staging.stg_returns"]
    for table in ("warehouse.fct_return", "marts.mart_customer_360"):
        assert now[table] == yesterday[table]
    _, status = forker.run("status")
    assert "keep their former content" in status
    code, said = forker.run("run")
    assert code == undisturbed.code, said[-3000:]
    assert content(shop.published) == undisturbed.after
    assert built(shop.database) == undisturbed.built
    assert shop.outbox() == undisturbed.outbox
