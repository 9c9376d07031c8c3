"""Run the main job in this process and say what became of it, without Dagster's words."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import dagster as dg

from dagster_project import clock, collecting
from dagster_project.defs.jobs import MAIN_JOB
from dagster_project.defs.parts import DAY_TAG, PART_TAG, part_of, unfinished, with_downstream
from dagster_project.defs.retention import COMPANY_TAG, end_stopped_runs, forget_runs
from dagster_project.machine import make_folder, told
from dagster_project.operations import dbt
from dagster_project.operations.outcome import KEPT, CheckOutcome, RunOutcome
from dagster_project.operations.progress import progress
from dagster_project.operations.session import Session
from dagster_project.settings import Settings

INSTANCE_CONFIG = Path(__file__).parent.parent / "dagster.yaml"
# Dagster does not export the class.
_CHECK_FAILED = "DagsterAssetCheckFailedError"


def prepare_instance(settings: Settings) -> Path:
    """Make DAGSTER_HOME and point the environment to it."""
    home = settings.dagster_home
    make_folder(home)
    shutil.copyfile(INSTANCE_CONFIG, home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def run_job(
    session: Session,
    name: str = MAIN_JOB,
    tables: Sequence[str] = (),
    is_retry: bool = False,
    on_start: Callable[[], None] | None = None,
) -> RunOutcome:
    """Execute a job, the whole way if none is named, in a session; never raises for a step that failed.

    Args:
        session: settings and company.
        name: the job.
        tables: where given, only these and what draws on them are made anew.
        is_retry: whether only what the last run left undone is made.
        on_start: what to do once it is certain that there is something to make, before anything is made.

    Raises:
        StellaError: no table has such a name, or there is no run to take up; then nothing has changed.
    """
    prepare_instance(session.settings)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="dagster")
    with collecting.held():
        from dagster_project.definitions import defs  # noqa: PLC0415 - reads DAGSTER_HOME, parses the dbt project
        from dagster_project.defs.transformation import MODELS  # noqa: PLC0415

    job = defs.resolve_job_def(name)
    keys = set(job.asset_layer.selected_asset_keys)
    company, day = session.settings.company_name, day_of(session)
    with dg.DagsterInstance.get() as instance:
        end_stopped_runs(instance, company)
        if is_retry:
            keys = set(unfinished(instance, company, day, keys))
        elif tables:
            keys = set(with_downstream(job, tables))
        # A step a table and a feed (the register of files stands for the landing folder), and the seven of Python.
        progress.expect(sum(tuple(key.path) in MODELS or key.path[0] == "raw" for key in keys) + 7)
        tags = {COMPANY_TAG: company, DAY_TAG: day}
        if tables or is_retry:
            job, tags = job.get_subset(asset_selection=frozenset(keys)), tags | {PART_TAG: part_of(keys)}
            # What is not made anew counts as made: no test waits for it.
            session.built.update(n["unique_id"] for key, n in MODELS.items() if dg.AssetKey(list(key)) not in keys)
        if on_start:
            on_start()
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags=tags,
            resources={"session": session},
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        forget_runs(instance, clock.now() - timedelta(days=session.settings.keep_run_days))
    dbt.release()
    return outcome_of(result.run_id, result.all_events, keys)


def day_of(session: Session) -> str:
    """Name the day that a run is for, as far as it can be told before anything is loaded."""
    day = session.settings.as_of
    if day is None and session.company.is_historical:
        return "the last of the records"
    return (day or clock.today(session.company.zone)).isoformat()


def outcome_of(run_id: str, events: Iterable[dg.DagsterEvent], planned: Collection[dg.AssetKey]) -> RunOutcome:
    """Sum up a run from its events and the assets that it was to make."""
    events, checked = list(events), dg.DagsterEventType.ASSET_CHECK_EVALUATION
    made = {event.asset_key: event for event in events if event.is_step_materialization}
    kept = [key for key, event in made.items() if KEPT in event.step_materialization_data.materialization.metadata]
    failures = {e.step_key or "": _reason(e) for e in events if e.is_step_failure and not _is_of_check(e)}
    return RunOutcome(
        run_id=run_id,
        is_success=not any(e.is_step_failure or e.event_type is dg.DagsterEventType.RUN_FAILURE for e in events),
        asset_count=len(made) - len(kept),
        checks=[_check(e.asset_check_evaluation_data) for e in events if e.event_type is checked],
        failures=failures,
        stale=sorted(key.to_user_string() for key in planned if key not in made),
        kept_count=len(kept),
    )


def _is_of_check(event: dg.DagsterEvent) -> bool:
    """Whether a step failed only because a blocking check did, which is told as a check."""
    error = event.step_failure_data.error
    return error is not None and error.cls_name == _CHECK_FAILED


def _check(evaluation: dg.AssetCheckEvaluation) -> CheckOutcome:
    return CheckOutcome(
        asset=evaluation.asset_key.to_user_string(),
        name=evaluation.check_name,
        passed=evaluation.passed,
        is_blocking=evaluation.severity == dg.AssetCheckSeverity.ERROR,
        details={key: str(value.value) for key, value in evaluation.metadata.items()},
    )


def _reason(event: dg.DagsterEvent) -> str:
    """Find the innermost cause: Dagster wraps what a step raised. What the machine refused is told with what to do."""
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        reason = str(failure.user_failure_data.description)
    else:
        error = failure.error
        while error is not None and error.cause is not None:
            error = error.cause
        said = error.message.strip() if error else "no reason given"
        reason = said.removeprefix("dagster_project.settings.StellaError: ")
    refused = told(RuntimeError(reason))
    return f"{refused} ({reason})" if refused else reason
