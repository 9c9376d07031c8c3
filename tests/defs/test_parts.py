"""Parts of a job: what the last run left undone, and what draws on a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dagster_project.defs.parts import DAY_TAG, PART_TAG, part_of, unfinished, with_downstream
from dagster_project.defs.retention import COMPANY_TAG
from dagster_project.settings import StellaError

TAGS = {COMPANY_TAG: "shop", DAY_TAG: "2026-07-01"}
FAILS, HOLDS = {"value": True}, {"value": False}


@dg.asset(key=["raw", "orders"])
def orders() -> None: ...


HOLDS_CHECK = dg.AssetCheckSpec("holds", asset=["warehouse", "fact"], blocking=True)


@dg.asset(key=["warehouse", "fact"], deps=[orders], check_specs=[HOLDS_CHECK])
def fact() -> Iterator[Any]:
    yield dg.MaterializeResult()
    yield dg.AssetCheckResult(check_name="holds", passed=HOLDS["value"], severity=dg.AssetCheckSeverity.ERROR)


@dg.asset(key=["warehouse", "other"], deps=[orders])
def other() -> None:
    if FAILS["value"]:
        raise ValueError("broken")


@dg.asset(key=["marts", "kpi"], deps=[fact])
def kpi() -> None: ...


@dg.asset(key=["published", "file"], deps=[kpi, other])
def file() -> None: ...


JOB = dg.Definitions(
    assets=[orders, fact, other, kpi, file], jobs=[dg.define_asset_job("all", executor_def=dg.in_process_executor)]
).resolve_job_def("all")
PLANNED = JOB.asset_layer.selected_asset_keys


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def _left(instance: dg.DagsterInstance, day: str = "2026-07-01") -> list[str]:
    return [key.to_user_string() for key in unfinished(instance, "shop", day, PLANNED)]


def _run(instance: dg.DagsterInstance, keys: list[dg.AssetKey] | None = None, **tags: str) -> None:
    part = {PART_TAG: part_of(keys)} if keys else {}
    job = JOB.get_subset(asset_selection=frozenset(keys)) if keys else JOB
    job.execute_in_process(instance=instance, raise_on_error=False, tags=TAGS | part | tags)


def test_what_failed_what_its_check_refused_and_all_behind_it_is_left(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(instance)
    assert _left(instance) == ["marts/kpi", "published/file", "warehouse/fact", "warehouse/other"]
    monkeypatch.setitem(HOLDS, "value", True)
    _run(instance, unfinished(instance, "shop", "2026-07-01", PLANNED))
    assert _left(instance) == ["published/file", "warehouse/other"]
    monkeypatch.setitem(FAILS, "value", False)
    _run(instance, unfinished(instance, "shop", "2026-07-01", PLANNED))
    with pytest.raises(StellaError, match="nothing to take up"):
        _left(instance)


def test_runs_of_other_companies_and_days_are_not_taken_up(instance: dg.DagsterInstance) -> None:
    _run(instance, **{COMPANY_TAG: "another"})
    with pytest.raises(StellaError, match="No run of shop"):
        _left(instance)
    _run(instance)
    with pytest.raises(StellaError, match="for another day"):
        _left(instance, "2026-07-02")


@pytest.mark.parametrize("name", ["fact", "warehouse.fact", "Warehouse/Fact"])
def test_what_draws_on_a_table_comes_with_it(name: str) -> None:
    assert [k.to_user_string() for k in with_downstream(JOB, [name])] == [
        "marts/kpi",
        "published/file",
        "warehouse/fact",
    ]


def test_a_schema_is_all_its_tables() -> None:
    assert len(with_downstream(JOB, ["warehouse"])) == 4
    assert len(with_downstream(JOB, ["marts", "other"])) == 3


@pytest.mark.parametrize("name", ["orders", "raw", "published.file", "nothing", "", "fact; drop table x"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(StellaError, match="no table has that name"):
        with_downstream(JOB, [name])
