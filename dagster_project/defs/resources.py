"""The one resource: the session of this run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import dagster as dg

from dagster_project import clock
from dagster_project.defs.retention import COMPANY_TAG, end_stopped_runs
from dagster_project.defs.run import outcome_of
from dagster_project.operations import upkeep
from dagster_project.operations.closing import close, note_stopped
from dagster_project.operations.lock import hold
from dagster_project.operations.session import Session, open_session
from dagster_project.operations.standing import forget

VERB = "a run of Dagster"


@dg.resource(description="Settings, company and contracts of this run, read from the environment.")
def session(context: dg.InitResourceContext) -> Iterator[Session]:
    """Lend the session to a run that Dagster started, under the lock; afterwards the run is entered and told.

    Until `stella run` has finished one, no run counts as the last.
    """
    opened = open_session()
    if _has_ended(context):
        # Dagster's own command asks for the resources once more, to look at what a run gave.
        yield opened
        return
    with hold(opened.settings, VERB, opened.settings.lock_wait, _log(context)) as left:
        started = clock.now()
        for warning in note_stopped(opened, left) if left else []:
            _log(context)(warning)
        forget(opened.settings)
        upkeep.forget(opened.settings)
        if context.instance and context.run:
            company = opened.settings.company_name
            end_stopped_runs(context.instance, company, besides=context.run.run_id)
            context.instance.add_run_tags(context.run.run_id, {COMPANY_TAG: company})
        yield opened
        if context.instance is None or context.run is None:
            return
        entries = context.instance.all_logs(context.run.run_id)
        events = [entry.dagster_event for entry in entries if entry.dagster_event]
        outcome = outcome_of(context.run.run_id, events, context.run.asset_selection or ())
        for warning in close(opened, VERB, started, outcome).warnings:
            _log(context)(warning)


def _has_ended(context: dg.InitResourceContext) -> bool:
    run = context.instance.get_run_by_id(context.run.run_id) if context.instance and context.run else None
    return run is not None and run.is_finished


def _log(context: dg.InitResourceContext) -> Callable[[str], None]:
    def log(message: str) -> None:
        if context.log:
            context.log.warning(message)

    return log
