"""The checks that the numbers tie out, each with both figures of every line."""

from collections.abc import Sequence

import dagster as dg

from dagster_project.operations.reconciliation import (
    PLACE_CHECK,
    TIE_CHECK,
    Line,
    line_of_plan,
    lines_of_tables,
    verdict,
)
from dagster_project.operations.session import Session


@dg.asset_check(
    asset=["marts", "mart_reconciliation"],
    name=TIE_CHECK,
    blocking=True,
    required_resource_keys={"session"},
    description="From the landed file to the mart, rows and money are equal; a difference keeps the last publication.",
)
def figures_tie_out(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Compare the figures of `mart_reconciliation`."""
    session: Session = context.resources.session
    with session.connection() as connection:
        return _result(lines_of_tables(connection))


@dg.asset_check(
    asset=["outbox", "files"],
    name=PLACE_CHECK,
    required_resource_keys={"session"},
    description="Every contact ever planned is sent, suppressed, replaced by a newer plan, or waiting in the outbox.",
)
def every_planned_contact_has_its_place(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Compare the plan with what was sent and with the outbox's files."""
    session: Session = context.resources.session
    with session.connection() as connection:
        line = line_of_plan(connection, session.settings)
    return _result([line] if line else [])


def _result(lines: Sequence[Line]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=all(line.is_equal for line in lines),
        metadata={"verdict": verdict(lines), **{line.name: line.sentence for line in lines}},
    )
