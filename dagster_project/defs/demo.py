"""The simulated company: its landing folder is filled once, before the first ingestion."""

import dagster as dg

from dagster_project.operations.demo import fill_landing
from dagster_project.operations.progress import progress
from dagster_project.operations.session import Session


@dg.asset(
    key=["landing", "feeds"],
    group_name="landing",
    required_resource_keys={"session"},
    description="The files that the sources deliver. For a simulated company they are simulated, when none are there.",
)
def landing_feeds(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Simulate the feeds of a simulated company; for all others the files are already there."""
    session: Session = context.resources.session
    with progress.step("landing.feeds") as step:
        step.note = fill_landing(session.settings, session.company)
    return dg.MaterializeResult(metadata={"note": step.note})
