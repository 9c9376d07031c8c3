"""Which segments there are, and what the list said of each from which day on.

Belongs here: the table `intermediate.segment_definition_history`, to which rows are only ever added; dbt makes the
versions of `dim_segment` from it. Does not belong here: membership (`membership.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from dagster_project.segmentation.criterion import CriterionError, read_criterion

HISTORY = "intermediate.segment_definition_history"
CUSTOMER_360 = "marts.mart_customer_360"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TABLE = f"""
create table if not exists {HISTORY} (
    segment_name text not null, criterion text, description text, owner text, is_listed boolean not null,
    is_valid boolean not null, problem text, effective_on date not null, _loaded_at timestamptz not null
)
"""
_NEWS = f"""
insert into {HISTORY}
with in_force as (
    select * from {HISTORY} where effective_on <= $day
    qualify row_number() over (partition by segment_name order by effective_on desc, _loaded_at desc) = 1
)

select segment_name, criterion, description, owner, true, is_valid, problem, $day, $moment
from segment_wanted as wanted
where not exists (
    select 1 from in_force
    where in_force.segment_name = wanted.segment_name and in_force.is_listed
        and in_force.criterion is not distinct from wanted.criterion
        and in_force.description is not distinct from wanted.description
        and in_force.owner is not distinct from wanted.owner
        and in_force.problem is not distinct from wanted.problem
)
union all
select segment_name, criterion, description, owner, false, is_valid, problem, $day, $moment
from in_force
where is_listed and segment_name not in (select segment_name from segment_wanted)
order by 1
"""


@dataclass(frozen=True)
class Definition:
    """A segment as people wrote it, and what became of its criterion.

    Attributes:
        name, criterion, description, owner: as in `seeds/segment.csv`.
        condition: the criterion as it may be run; empty when it is broken.
        problem: what is wrong with it; empty when it is sound.
    """

    name: str
    criterion: str
    description: str
    owner: str
    condition: str
    problem: str


def read_definitions(connection: duckdb.DuckDBPyConnection) -> list[Definition]:
    """Read and check every segment of `reference.segment`, in order of name."""
    rows = connection.execute(
        "select segment_name, coalesce(criterion, ''), coalesce(description, ''), coalesce(owner, '') "
        "from reference.segment order by all"
    ).fetchall()
    columns = [name for (name,) in connection.execute(f"select column_name from (describe {CUSTOMER_360})").fetchall()]
    seen: set[str] = set()
    definitions = []
    for name, criterion, description, owner in rows:
        condition, problem = "", _name_problem(name, seen)
        if not problem:
            condition, problem = _check(connection, criterion, columns)
        definitions.append(Definition(name or "", criterion, description, owner, condition, problem))
        seen.add(name)
    return definitions


def _name_problem(name: str | None, seen: set[str]) -> str:
    if not name or not _NAME.fullmatch(name):
        return "the name must be lower-case letters, digits and _, beginning with a letter, at most 63 long"
    return "the name stands twice in seeds/segment.csv; the first one counts" if name in seen else ""


def _check(connection: duckdb.DuckDBPyConnection, criterion: str, columns: list[str]) -> tuple[str, str]:
    try:
        condition = read_criterion(criterion, columns)
    except CriterionError as fault:
        return "", str(fault)
    try:
        described = connection.execute(
            f"select column_type from (describe select ({condition}) as is_member from {CUSTOMER_360})"
        ).fetchone()
    except duckdb.Error as fault:
        return "", f"the types do not fit: {_first_line(fault)}"
    kind = described[0] if described else "nothing"
    return (condition, "") if kind == "BOOLEAN" else ("", f"gives {kind}, not true or false; compare it with something")


def _first_line(fault: duckdb.Error) -> str:
    return str(fault).split("\n", 1)[0].split(": ", 1)[-1]


def ensure_history(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the history if the warehouse has none yet."""
    connection.execute(_TABLE)


def enter_definitions(
    connection: duckdb.DuckDBPyConnection, definitions: list[Definition], as_of: date, believed_at: datetime
) -> None:
    """Add what the list says as of a day and did not say of that day before: changed, new, broken or no longer listed.

    What was said of later days stands, so that a run for a day long past closes no gap that was none.
    """
    named = {d.name: d for d in reversed(definitions) if d.name}
    rows = [(d.name, d.criterion, d.description, d.owner, not d.problem, d.problem or None) for d in named.values()]
    connection.execute(
        "create or replace temp table segment_wanted "
        "(segment_name text, criterion text, description text, owner text, is_valid boolean, problem text)"
    )
    if rows:
        connection.executemany("insert into segment_wanted values (?, ?, ?, ?, ?, ?)", rows)
    connection.execute(_NEWS, {"day": as_of, "moment": believed_at})
    connection.execute("drop table segment_wanted")
