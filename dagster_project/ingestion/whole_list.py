"""A delivery that is the whole list of a feed's records: what it lacks has vanished.

Belongs here: finding what vanished or came back, and the rows that say so. They stand in `raw` like any other row, so
that versions are closed by the same models, and a rebuild or a replay needs no list again. Whether so much may have
vanished is looked at in `validation.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from dagster_project.database import row_hash
from dagster_project.ingestion.contract import Contract
from dagster_project.ingestion.reading import identifier, literal
from dagster_project.ingestion.store import META, same_key

# Of the rows made here: no line of the file says what its silence says.
NO_LINE = 0


@dataclass(frozen=True)
class Vanished:
    """How many of the records `known` before a delivery, the file `list`, it lacks."""

    known: int = 0
    rows: int = 0
    list: str = ""

    @property
    def share(self) -> float:
        """The share of the known records that it lacks (0 to 1)."""
        return self.rows / self.known if self.known else 0.0


NONE_VANISHED = Vanished()


def take_as_whole(connection: duckdb.DuckDBPyConnection, contract: Contract, file: str, moment: datetime) -> Vanished:
    """Enter as gone what the list in `checked` lacks, and as there again what it brings back.

    Within the caller's transaction, after its own rows are stored with `moment` as their `_loaded_at`. The list speaks
    for the source systems of which it has rows. A record is gone as of the newest change that the list tells of, so
    that lists taken in one by one or all at once end the same.
    """
    said_at = f"timestamptz {literal(moment.isoformat(' '))}"
    connection.execute(f"create or replace temp table standing as {_standing(contract, said_at)}")
    is_listed = f"exists (select 1 from checked as told where {same_key(contract, 'told', 'standing')})"
    row = connection.execute(
        f"select count(*) filter (where not _is_new), count(*) filter (where not {is_listed})"
        " from standing where _is_live"
    ).fetchone()
    _enter(connection, contract, f"select * from standing where _is_live and not {is_listed}", file, said_at, True)
    _enter(connection, contract, _back(contract), file, said_at, False)
    known, rows = row or (0, 0)
    return Vanished(known, rows, file)


def why_not(connection: duckdb.DuckDBPyConnection, contract: Contract, file: str) -> str | None:
    """Say why nothing can be concluded from what the list in `checked` lacks; none where it can."""
    unreadable = " or ".join(f"{identifier(key)} is null" for key in contract.keys if contract.column(key).required)
    row = connection.execute(
        f"select (select count(*) from checked where {unreadable}), (select max(_file) from raw.{contract.feed}"
        f" where {_scope(contract)} and _file > ?)", [file],
    ).fetchone()  # fmt: skip
    rows, newer = row or (0, None)
    if rows:
        return f"{file}: nothing is taken to have vanished, as the keys of {rows:,} of its rows cannot be read"
    if newer:
        return f"{file}: nothing is taken to have vanished, as the list {newer} is newer (lists are ordered by name)"
    return None


def _scope(contract: Contract) -> str:
    return "source_system in (select source_system from checked)" if "source_system" in contract.keys else "true"


def _standing(contract: Contract, said_at: str) -> str:
    """Give the newest row of each record, as staging finds it, with whether it is live, new and made here."""
    keys = ", ".join(identifier(key) for key in contract.keys)
    dated = "updated_at desc nulls last, " if contract.has_updated_at else ""
    return f"""
select *, {_is_live(contract)} as _is_live, _line = {NO_LINE} as _is_made,
    min(_loaded_at) over (partition by {keys}) = {said_at} as _is_new
from raw.{contract.feed} where {_scope(contract)}
qualify row_number() over (partition by {keys} order by {dated}_loaded_at desc, _file desc, _line desc) = 1"""


def _is_live(contract: Contract) -> str:
    column, value = next(iter(contract.absence.items()))
    return f"{identifier(column)} is distinct from {value}"


def _back(contract: Contract) -> str:
    """Give the listed row of each record that is gone only because a list before this one lacked it."""
    keys = ", ".join(f"told.{identifier(key)}" for key in contract.keys)
    before = "standing.updated_at" if contract.has_updated_at else "null"
    return f"""
select told.*, {before} as _gone_at from checked as told
inner join standing on {same_key(contract, "told", "standing")}
where not standing._is_live and standing._is_made and told._broken is null and told.{_is_live(contract)}
qualify row_number() over (partition by {keys} order by told._line desc) = 1"""


def _enter(
    connection: duckdb.DuckDBPyConnection, contract: Contract, rows: str, file: str, said_at: str, is_gone: bool
) -> None:
    """Insert rows that say of records that they are gone or there again, dated after all that is known of them."""
    column, value = next(iter(contract.absence.items()))
    changed = {column: str(value)} if is_gone else {}
    if contract.has_updated_at:
        last = "updated_at" if is_gone else "greatest(updated_at, _gone_at)"
        listed = "(select max(updated_at) from checked where _broken is null)"
        changed["updated_at"] = (
            f"greatest(coalesce({listed}, case when {last} is not null then {said_at} end),"
            f" {last} + interval 1 microsecond)"
        )
    values = ", ".join(f"{changed.get(name, identifier(name))} as {identifier(name)}" for name in contract.column_names)
    hashed = row_hash([identifier(name) for name in contract.column_names], "_extra")
    names = ", ".join(identifier(name) for name in (*contract.column_names, *META))
    connection.execute(
        f"insert into raw.{contract.feed} ({names}) select said.* exclude (_extra), _extra, {literal(file)}, {NO_LINE},"
        f" {hashed}, {said_at} from (select {values}, _extra from ({rows}) as found) as said"
    )
