"""The main job, the one that leaves the feeds alone, and that only one run works at a time."""

from __future__ import annotations

import dagster as dg

MAIN_JOB, REBUILD_JOB = "stella", "rebuild"
# All but the days that somebody asks for by hand.
EVERY_TABLE = dg.AssetSelection.all() - dg.AssetSelection.groups("backfill")

main_job = dg.define_asset_job(
    MAIN_JOB,
    selection=EVERY_TABLE,
    executor_def=dg.in_process_executor,
    description="The whole way: feeds, star, scores, segments, decisions, published file.",
)

# A replay has the rows and the lists as they were, and sends nothing to anybody.
rebuild_job = dg.define_asset_job(
    REBUILD_JOB,
    selection=EVERY_TABLE - dg.AssetSelection.groups("landing", "raw", "quarantine", "reference", "outbox"),
    executor_def=dg.in_process_executor,
    description="From the rows that are there: star, scores, segments, decisions, published file; nothing is loaded.",
)
