"""One evaluation of all segments for a day.

Belongs here: the order of the steps. Does not belong here: what each step does.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from time import perf_counter

import duckdb

from dagster_project.database import next_moment
from dagster_project.segmentation.definitions import (
    HISTORY,
    Definition,
    ensure_history,
    enter_definitions,
    read_definitions,
)
from dagster_project.segmentation.membership import LEDGER, count_members, ensure_ledger, enter_members, find_members
from dagster_project.segmentation.report import SegmentReport, SegmentResult


def evaluate(connection: duckdb.DuckDBPyConnection, as_of: date) -> SegmentReport:
    """Evaluate every segment of `reference.segment` over `marts.mart_customer_360` and keep who entered and left.

    Writes `intermediate.segment_definition_history` and `intermediate.segment_ledger`, both or neither. A broken
    criterion is reported and skipped: its segment stays as it was, the rest stand. A second run for the same day over
    the same rows changes nothing.

    Args:
        connection: the warehouse, with the customer 360 built for the day.
        as_of: the day for which memberships begin and end.

    Returns:
        One result per segment, with the problem of each broken one.
    """
    started = perf_counter()
    definitions = read_definitions(connection)
    failed = find_members(connection, {d.name: d.condition for d in definitions if not d.problem})
    definitions = [replace(d, problem=failed[d.name]) if d.name in failed and not d.problem else d for d in definitions]
    evaluated = [d.name for d in definitions if not d.problem]
    connection.execute("begin transaction")
    try:
        believed_at = _moment(connection)
        enter_definitions(connection, definitions, as_of, believed_at)
        enter_members(connection, evaluated, [d.name for d in definitions], as_of, believed_at)
        connection.execute("commit")
    except Exception:
        connection.execute("rollback")
        raise
    counts = count_members(connection, as_of)
    connection.execute("drop table segment_member")
    results = tuple(_result(definition, counts) for definition in definitions)
    return SegmentReport(as_of=as_of, results=results, seconds=perf_counter() - started)


def _moment(connection: duckdb.DuckDBPyConnection) -> datetime:
    """Make the ledgers where there are none, and choose the moment from which this evaluation is believed."""
    ensure_history(connection)
    ensure_ledger(connection)
    return max(next_moment(connection, HISTORY, "_loaded_at"), next_moment(connection, LEDGER, "believed_from"))


def _result(definition: Definition, counts: dict[str, tuple[int, int, int]]) -> SegmentResult:
    members, entered, exited = counts.get(definition.name, (0, 0, 0))
    return SegmentResult(definition.name, definition.problem, members, entered, exited)
