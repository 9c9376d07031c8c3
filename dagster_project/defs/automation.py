"""What runs by itself once it is switched on: the day's run, a look at the landing folder, tidying up."""

import json
from datetime import timedelta

import dagster as dg

from dagster_project import clock
from dagster_project.defs.jobs import main_job
from dagster_project.defs.retention import forget_runs
from dagster_project.ingestion.company import load_company
from dagster_project.operations.lock import HeldError
from dagster_project.operations.session import open_session
from dagster_project.operations.watch import look
from dagster_project.settings import Settings, get_settings

LOOK_SECONDS = 60


def daily_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Run the whole way once a day, at the hour of the setting in the company's time zone."""
    hour, minute = (int(part) for part in settings.daily_at.split(":"))
    return dg.ScheduleDefinition(
        name="daily",
        job=main_job,
        cron_schedule=f"{minute} {hour} * * *",
        execution_timezone=load_company(settings.company_folder).time_zone,
        description="The whole way, once a day (STELLA_DAILY_AT, in the company's time zone).",
    )


@dg.sensor(
    job=main_job,
    minimum_interval_seconds=LOOK_SECONDS,
    description="Runs when files have come that are whole; a file that still grows is left for the next look.",
)
def landing_folder(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Look at the landing folder; ask for a run where there is something to load."""
    cursor = json.loads(context.cursor or "{}")
    try:
        seen = look(open_session(), cursor.get("seen", {}), cursor.get("key", ""))
    except HeldError as held:
        return dg.SensorResult(skip_reason=str(held))
    kept = json.dumps({"seen": seen.seen, "key": seen.key})
    if seen.new:
        return dg.SensorResult([dg.RunRequest(run_key=seen.key)], cursor=kept)
    waiting = f" {len(seen.moving)} files have changed since the last look." if seen.moving else ""
    return dg.SensorResult(skip_reason=f"No whole file that is new.{waiting}", cursor=kept)


@dg.op(description="Deletes Dagster's records of runs older than STELLA_KEEP_RUN_DAYS.")
def forget_old_runs(context: dg.OpExecutionContext) -> None:
    """Delete the records of runs long past; published versions go as new ones come."""
    days = get_settings().keep_run_days
    deleted = forget_runs(context.instance, clock.now() - timedelta(days=days))
    context.log.info(f"{deleted} runs older than {days} days are forgotten.")


@dg.job(executor_def=dg.in_process_executor, description="Deletes what is kept for a while only.")
def tidy() -> None:
    """Tidy up."""
    forget_old_runs()


tidy_schedule = dg.ScheduleDefinition(
    name="weekly_tidy",
    job=tidy,
    cron_schedule="30 3 * * 0",
    description="Once a week. A run started by `stella run` tidies up by itself.",
)
