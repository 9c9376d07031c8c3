"""The main job, and that only one run works at a time."""

from __future__ import annotations

import dagster as dg

MAIN_JOB = "stella"

main_job = dg.define_asset_job(
    MAIN_JOB,
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="The whole way: feeds, star, scores, segments, decisions, published file.",
)
