"""Which segments there are, and which criterion each had from when to when.

Belongs here: the table `intermediate.segment_definition`. Does not belong here: membership (`membership.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import duckdb

from dagster_project.segmentation.criterion import CriterionError, read_criterion

DEFINITION = "intermediate.segment_definition"
CUSTOMER_360 = "marts.mart_customer_360"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TABLE = f"""
create table if not exists {DEFINITION} (
    segment_name text not null, criterion text, description text, owner text,
    valid_from timestamptz not null, valid_to timestamptz, is_valid boolean not null, problem text
)
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


def enter_definitions(connection: duckdb.DuckDBPyConnection, definitions: list[Definition], as_of: date) -> None:
    """Keep the versions of the definitions: a sound new criterion closes the old one; a broken one is marked beside it.

    The first version of a segment holds from 1900 on, so that every membership finds one. A segment that is no
    longer listed ends on `as_of`.
    """
    connection.execute(_TABLE)
    named = {d.name: d for d in reversed(definitions) if d.name}
    rows = [(d.name, d.criterion, d.description, d.owner, not d.problem, d.problem or None) for d in named.values()]
    connection.execute(
        "create or replace temp table segment_wanted "
        "(segment_name text, criterion text, description text, owner text, is_valid boolean, problem text)"
    )
    if rows:
        connection.executemany("insert into segment_wanted values (?, ?, ?, ?, ?, ?)", rows)
    # What a later run on an earlier day, or a second run on the same day, said of the same days is replaced.
    connection.execute(f"delete from {DEFINITION} where valid_from >= ?::date", [as_of])
    connection.execute(f"update {DEFINITION} set valid_to = null where valid_to >= ?::date", [as_of])
    connection.execute(
        f"""update {DEFINITION} as kept set valid_to = ?::date
        where valid_to is null and not exists (
            select 1 from segment_wanted as wanted where wanted.segment_name = kept.segment_name and (
                not wanted.is_valid
                or (wanted.criterion, wanted.description, wanted.owner) = (kept.criterion, kept.description, kept.owner)
            ))""",
        [as_of],
    )
    connection.execute(
        f"""update {DEFINITION} as kept set is_valid = wanted.is_valid, problem = wanted.problem
        from segment_wanted as wanted where wanted.segment_name = kept.segment_name and kept.valid_to is null""",
    )
    connection.execute(
        f"""insert into {DEFINITION}
        select wanted.segment_name, wanted.criterion, wanted.description, wanted.owner,
            case when exists (select 1 from {DEFINITION} as kept where kept.segment_name = wanted.segment_name)
                then ?::date::timestamptz else timestamptz '1900-01-01 00:00:00+00' end,
            null, wanted.is_valid, wanted.problem
        from segment_wanted as wanted
        where not exists (
            select 1 from {DEFINITION} as kept where kept.segment_name = wanted.segment_name and kept.valid_to is null
        )
        order by 1""",
        [as_of],
    )
    connection.execute("drop table segment_wanted")
