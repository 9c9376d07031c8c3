"""Dagster's own records of runs: those of runs that were killed are closed, those long past are deleted."""

from __future__ import annotations

from datetime import datetime

import dagster as dg

COMPANY_TAG = "stella/company"
AT_WORK = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING]
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def end_stopped_runs(instance: dg.DagsterInstance, company: str, besides: str | None = None) -> int:
    """Mark as failed the company's runs that Dagster still takes to be at work; returns how many.

    Whoever asks holds the company's lock, so their processes are gone. Dagster itself would wait for them for ever, and
    start no other run meanwhile.
    """
    found = instance.get_runs(dg.RunsFilter(statuses=AT_WORK, tags={COMPANY_TAG: company}))
    stopped = [run for run in found if run.run_id != besides]
    for run in stopped:
        instance.report_run_failed(run, "The process was stopped before its end.")
    return len(stopped)


def forget_runs(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete runs that ended and were created before a moment, with their events; returns how many."""
    found = instance.get_runs(dg.RunsFilter(statuses=ENDED, created_before=before))
    for run in found:
        instance.delete_run(run.run_id)
    return len(found)
