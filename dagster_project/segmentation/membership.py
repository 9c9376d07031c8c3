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
# What was over before the day stands. What a former run said of the day or after it is taken back: who was in the
# segment before is in it still, or leaves it on the day.
_TOLD = f"""
create or replace temp table segment_told as
select ledger.rowid as row_id, ledger.segment_name, ledger.customer_id, ledger.entered_on, ledger.exited_on,
    case when member.customer_id is null then cast($day as date) end as exits_on
from {LEDGER} as ledger
left join segment_member as member
    on member.segment_name = ledger.segment_name and member.customer_id = ledger.customer_id
where ledger.believed_to is null and ledger.segment_name not in (select unnest(cast($kept as text[])))
    and (ledger.exited_on is null or ledger.exited_on >= $day or ledger.entered_on >= $day)
"""
_NEWS = """
create or replace temp table segment_news as
select segment_name, customer_id, entered_on, exits_on as exited_on
from segment_told
where entered_on < $day and exited_on is distinct from exits_on
union all
select member.segment_name, member.customer_id, cast($day as date), null
from segment_member as member
anti join (
    select segment_name, customer_id from segment_told
    where entered_on < $day or entered_on = $day and exited_on is null
) as told on told.segment_name = member.segment_name and told.customer_id = member.customer_id
"""
# What a former run for the day entered stands where the customer is a member. He was none before: nobody who was is
# entered anew.
_ENDED = f"""
update {LEDGER} set believed_to = $moment where rowid in (
    select row_id from segment_told
    where entered_on < $day and exited_on is distinct from exits_on
        or entered_on >= $day and not (entered_on = $day and exited_on is null and exits_on is null)
)
"""


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
    kept = [name for name in listed if name not in evaluated]
    connection.execute(_TOLD, {"day": as_of, "kept": kept})
    connection.execute(_NEWS, {"day": as_of})
    connection.execute(_ENDED, {"day": as_of, "moment": believed_at})
    connection.execute(f"insert into {LEDGER} select *, ?, null from segment_news order by all", [believed_at])
    connection.execute("drop table segment_told")
    connection.execute("drop table segment_news")


def count_members(connection: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, tuple[int, int, int]]:
    """Count, by segment: members now, those who entered on the day, those who left on it."""
    rows = connection.execute(
        f"""select segment_name, count(*) filter (exited_on is null), count(*) filter (entered_on = ?),
            count(*) filter (exited_on = ?)
        from {LEDGER} where believed_to is null group by 1""",
        [as_of, as_of],
    ).fetchall()
    return {name: (members, entered, exited) for name, members, entered, exited in rows}
