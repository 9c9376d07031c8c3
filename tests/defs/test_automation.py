"""What runs by itself: off until switched on, in the company's time zone, as fresh as the contracts promise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.definitions import defs
from dagster_project.defs import freshness
from dagster_project.defs.automation import daily_schedule, landing_folder
from dagster_project.defs.retention import COMPANY_TAG, end_stopped_runs, forget_runs
from dagster_project.defs.run import prepare_instance
from dagster_project.defs.transformation import MANIFEST
from dagster_project.operations.lock import hold
from dagster_project.settings import get_settings

COMPANY = """\
name: shop
home_currency: EUR
time_zone: Europe/Rome
landing: .
feeds:
  order_lines: "*.csv"
  customers: "customers/*"
"""


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "company.yml").write_text(COMPANY)
    monkeypatch.setenv("COMPANY", str(folder))
    monkeypatch.setenv("STELLA_HOME", str(tmp_path / "home"))
    freshness.promises.cache_clear()
    yield folder
    freshness.promises.cache_clear()


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", "put back afterwards")
    prepare_instance(get_settings(home=tmp_path))
    with dg.DagsterInstance.get() as instance:
        yield instance


def test_everything_is_off_until_it_is_switched_on() -> None:
    repository = defs.get_repository_def()
    assert {s.name for s in repository.schedule_defs} == {"daily", "weekly_tidy"}
    assert {s.name for s in repository.sensor_defs} == {"landing_folder"}
    assert {s.default_status for s in repository.schedule_defs} == {dg.DefaultScheduleStatus.STOPPED}
    assert {s.default_status for s in repository.sensor_defs} == {dg.DefaultSensorStatus.STOPPED}


def test_the_day_begins_in_the_companys_time_zone(company: Path) -> None:
    schedule = daily_schedule(get_settings(daily_at="06:30"))
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 6 * * *", "Europe/Rome")


def test_the_sensor_asks_for_a_run_once_a_file_is_whole(company: Path) -> None:
    (company / "a.csv").write_text("source_system,order_ref\n")
    first = landing_folder(dg.build_sensor_context())
    assert first.skip_reason is not None
    assert not first.run_requests
    second = landing_folder(dg.build_sensor_context(cursor=first.cursor))
    assert second.run_requests is not None
    assert [r.run_key for r in second.run_requests] == [json.loads(second.cursor or "")["key"]]
    third = landing_folder(dg.build_sensor_context(cursor=second.cursor))
    assert not third.run_requests


def test_the_sensor_lets_a_run_at_work_alone(company: Path) -> None:
    (company / "a.csv").write_text("source_system,order_ref\n")
    first = landing_folder(dg.build_sensor_context())
    with hold(get_settings(), "stella run"):
        held = landing_folder(dg.build_sensor_context(cursor=first.cursor))
    assert "is held by `stella run`" in str(held.skip_reason)
    assert landing_folder(dg.build_sensor_context(cursor=first.cursor)).run_requests


def test_a_feed_is_as_fresh_as_its_contract_promises_and_a_mart_as_the_tightest_behind_it(company: Path) -> None:
    promised = freshness.promises()
    assert set(promised) <= {"order_lines", "customers"}
    assert freshness.policy_of_feed("order_lines") == dg.FreshnessPolicy.time_window(promised["order_lines"])
    assert freshness.policy_of_feed("web_events") is None
    marts = [
        n for n in MANIFEST["nodes"].values() if n["resource_type"] == "model" and n["name"] == "mart_customer_360"
    ]
    behind = freshness.feeds_behind(MANIFEST, marts[0]["unique_id"])
    assert {"order_lines", "customers", "consents"} <= behind
    assert freshness.policy_of_mart(MANIFEST, marts[0]["unique_id"]) == dg.FreshnessPolicy.time_window(
        min(promised.values())
    )


def test_a_company_whose_records_have_ended_promises_nothing(company: Path) -> None:
    (company / "company.yml").write_text(COMPANY + "calendar: historical\n")
    assert freshness.promises() == {}


@dg.job
def nothing() -> None: ...


def test_runs_long_past_are_forgotten_with_their_files(instance: dg.DagsterInstance) -> None:
    old, new = (nothing.execute_in_process(instance=instance).run_id for _ in range(2))
    shards = Path(instance.event_log_storage.path_for_shard(old)).parent  # type: ignore[attr-defined]
    between = instance.get_run_records(dg.RunsFilter(run_ids=[new]))[0].create_timestamp
    assert forget_runs(instance, between) == 1
    assert [run.run_id for run in instance.get_runs()] == [new]
    assert instance.all_logs(new)
    assert sorted({p.name.partition(".")[0] for p in shards.glob("*.db*")} - {"index"}) == [new]
    assert forget_runs(instance, datetime.now(UTC) - timedelta(days=1)) == 0


def test_runs_that_were_killed_do_not_stay_at_work_for_ever(instance: dg.DagsterInstance) -> None:
    mine, other, self = (
        instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED, tags={COMPANY_TAG: company}).run_id
        for company in ("shop", "another", "shop")
    )
    assert end_stopped_runs(instance, "shop", besides=self) == 1
    status = {run.run_id: run.status for run in instance.get_runs()}
    assert status == {
        mine: dg.DagsterRunStatus.FAILURE,
        other: dg.DagsterRunStatus.STARTED,
        self: dg.DagsterRunStatus.STARTED,
    }
