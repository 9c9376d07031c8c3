"""The one entry point of Dagster."""

from __future__ import annotations

import dagster as dg

from dagster_project.defs.automation import daily_schedule, landing_folder, tidy, tidy_schedule
from dagster_project.defs.backfill import backfill
from dagster_project.defs.campaigns import decide, outbox, published
from dagster_project.defs.customers import features, identities, scores, segments
from dagster_project.defs.demo import landing_feeds
from dagster_project.defs.ingestion import ingestion
from dagster_project.defs.jobs import main_job, rebuild_job
from dagster_project.defs.reconciliation import every_planned_contact_has_its_place, figures_tie_out
from dagster_project.defs.resources import session
from dagster_project.defs.transformation import transformation
from dagster_project.settings import get_settings

defs = dg.Definitions(
    assets=[
        landing_feeds,
        ingestion,
        backfill,
        transformation,
        identities,
        scores,
        features,
        segments,
        decide,
        outbox,
        published,
    ],
    asset_checks=[figures_tie_out, every_planned_contact_has_its_place],
    jobs=[main_job, rebuild_job, tidy],
    schedules=[daily_schedule(get_settings()), tidy_schedule],
    sensors=[landing_folder],
    resources={"session": session},
    executor=dg.in_process_executor,
)
