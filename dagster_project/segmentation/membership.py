"""Who was in which segment from which day to which.

Belongs here: running the criteria in one scan, and the table `intermediate.segment_ledger`. Does not belong here:
whether a criterion may run (`criterion.py`).

The ledger has two times: from which day to which the customer was in the segment, and from when to when that was
believed. A row is never changed except to say when the belief ended, so what was believed on any past day can be read.

The day of entry is the first day as of which the customer fulfilled the criterion, the day of exit the first day as
of which he no longer did. An evaluation for a day takes back what was entered on that day and after it, so a second
run for a day changes nothing, and a run for a day long past goes on from what was known before that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import duckdb

from dagster_project.segmentation.definitions import CUSTOMER_360

LEDGER = "intermediate.segment_ledger"
_TABLE = f"""
create table if not exists {LEDGER} (
    segment_name text not null, customer_id bigint not null, entered_on date not null, exited_on date,
    believed_from timestamptz not null, believed_to timestamptz
)
"""
# A ledger kept before beliefs had a time: what it says counts as believed since ever.
_UPGRADE = f"""
alter table {LEDGER} add column if not exists believed_from timestamptz default timestamptz '1900-01-01 00:00:00+00';
alter table {LEDGER} add column if not exists believed_to timestamptz;
"""
_SAME = " and ".join(
    f"ledger.{column} is not distinct from now.{column}"
    for column in ("segment_name", "customer_id", "entered_on", "exited_on")
)


def find_members(connection: duckdb.DuckDBPyConnection, conditions: Mapping[str, str]) -> dict[str, str]:
    """Write the temporary table `segment_member` (segment_name, customer_id); return what failed, by segment.

    All conditions run in one scan of the customer 360. Only if that fails is each run by itself, so that one that
    overflows on some customer does not take the others with it.
    """
    connection.execute("create or replace temp table segment_member (segment_name text, customer_id bigint)")
    try:
        _insert_members(connection, conditions)
    except duckdb.Error:
        connection.execute("delete from segment_member")
        return _insert_one_by_one(connection, conditions)
    return {}


def _insert_members(connection: duckdb.DuckDBPyConnection, conditions: Mapping[str, str]) -> None:
    if not conditions:
        return
    # Names are lower-case letters, digits and _, and the conditions are written by `read_criterion`.
    cases = ", ".join(f"case when {condition} then '{name}' end" for name, condition in conditions.items())
    connection.execute(
        f"insert into segment_member select segment_name, customer_id from "
        f"(select customer_id, unnest([{cases}]) as segment_name from {CUSTOMER_360}) as placed "
        "where segment_name is not null"
    )


def _insert_one_by_one(connection: duckdb.DuckDBPyConnection, conditions: Mapping[str, str]) -> dict[str, str]:
    failed = {}
    for name, condition in conditions.items():
        try:
            _insert_members(connection, {name: condition})
        except duckdb.Error as fault:
            kind = type(fault).__name__.removesuffix("Exception").lower()
            failed[name] = f"fails on some customer ({kind} error); compare columns with values of their own type"
    return failed


def ensure_ledger(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the ledger if the warehouse has none yet."""
    connection.execute(_TABLE)
    connection.execute(_UPGRADE)


def enter_members(
    connection: duckdb.DuckDBPyConnection, evaluated: list[str], listed: list[str], as_of: date, believed_at: datetime
) -> None:
    """Bring the ledger to `segment_member` as of a day, for the segments that were evaluated.

    A segment that is listed but was not evaluated keeps its members; one that is no longer listed loses them on
    `as_of`.
    """
    _form_belief(connection, [name for name in listed if name not in evaluated], as_of)
    connection.execute(
        f"""update {LEDGER} as ledger set believed_to = ?
        where ledger.believed_to is null and not exists (select 1 from segment_now as now where {_SAME})""",
        [believed_at],
    )
    connection.execute(
        f"""insert into {LEDGER}
        select now.*, ?, null from segment_now as now
        where not exists (select 1 from {LEDGER} as ledger where ledger.believed_to is null and {_SAME})
        order by all""",
        [believed_at],
    )
    connection.execute("drop table segment_now")


def _form_belief(connection: duckdb.DuckDBPyConnection, kept: list[str], as_of: date) -> None:
    """Fill `segment_now`: the memberships of all days as they are believed after the evaluation."""
    connection.execute(
        f"""create or replace temp table segment_now as
        select segment_name, customer_id, entered_on, exited_on from {LEDGER} where believed_to is null"""
    )
    untouched = "segment_name in (select unnest(?::text[]))"
    # The past before the day stands; what a former run said of the day or after it is taken back.
    connection.execute(f"delete from segment_now where entered_on >= ? and not {untouched}", [as_of, kept])
    connection.execute(
        f"update segment_now set exited_on = null where exited_on >= ? and not {untouched}", [as_of, kept]
    )
    connection.execute(
        f"""update segment_now set exited_on = ?
        where exited_on is null and not {untouched}
            and (segment_name, customer_id) not in (select segment_name, customer_id from segment_member)""",
        [as_of, kept],
    )
    connection.execute(
        """insert into segment_now
        select segment_name, customer_id, ?, null from segment_member
        where (segment_name, customer_id) not in (
            select segment_name, customer_id from segment_now where exited_on is null
        )""",
        [as_of],
    )


def count_members(connection: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, tuple[int, int, int]]:
    """Count, by segment: members now, those who entered on the day, those who left on it."""
    rows = connection.execute(
        f"""select segment_name, count(*) filter (exited_on is null), count(*) filter (entered_on = ?),
            count(*) filter (exited_on = ?)
        from {LEDGER} where believed_to is null group by 1""",
        [as_of, as_of],
    ).fetchall()
    return {name: (members, entered, exited) for name, members, entered, exited in rows}
