"""What becomes of checked rows: into `raw` if they are new, into `quarantine` if they break the contract.

Belongs here: the inserts, and finding the rows that say nothing new. The pass that judges rows is in `checking.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from dagster_project.ingestion.checking import Checked
from dagster_project.ingestion.contract import Contract
from dagster_project.ingestion.reading import identifier, literal
from dagster_project.ingestion.rules import Rule
from dagster_project.ingestion.store import META, same_key
from dagster_project.ingestion.temporary import drop_temporary
from dagster_project.ingestion.whole_list import NONE_VANISHED, Vanished
from dagster_project.privacy.guard import Guard


@dataclass(frozen=True)
class Tally:
    """Rows and the feed's money, by what became of them."""

    rows: int = 0
    amount: Decimal | None = None


@dataclass(frozen=True)
class Stored:
    """What became of a batch, by file, and what is to be reported."""

    candidates: Mapping[str, Tally]
    accepted: Mapping[str, Tally]
    refused: Mapping[str, Tally]
    warnings: tuple[str, ...]
    vanished: Vanished = NONE_VANISHED


def store(
    connection: duckdb.DuckDBPyConnection, contract: Contract, checked: Checked, moment: datetime,
    is_streamed: bool, row_as_it_came: str | None, guard: Guard | None = None,
) -> Stored:  # fmt: skip
    """Put the rows of `checked` where they belong, within the caller's transaction; without whom the guard keeps out.

    With `is_streamed` the pass runs twice over the source and nothing is kept between: that is for sources too large to
    be held, and only as long as `raw` has no rows of the feed. `row_as_it_came` joins a refused row to its landing row.
    """
    is_first = _is_empty(connection, contract.feed)
    kind = "view" if is_streamed and is_first and guard is None else "table"
    drop_temporary(connection, "checked")
    connection.execute(f"create or replace temp {kind} checked as {checked.select}")
    connection.execute(
        "create or replace temp table notable as select _broken, _warned, _value, _named, _raw, _file, _line, "
        f"{_money(contract)} as _amount, {_system(contract)} as _system "
        "from checked where _broken is not null or _warned <> 0"
    )
    counted = _tally(connection, contract, "checked", "_broken is null") if kind == "table" else None
    if guard is not None:
        guard.keep_out(connection, "checked")
    names = ", ".join(identifier(name) for name in (*contract.column_names, *META))
    values = names.replace('"_loaded_at"', "timestamptz " + literal(moment.isoformat(" ")))
    fresh = "" if is_first else f" and rowid in ({_news(connection, contract)})"
    connection.execute(
        f"insert into raw.{contract.feed} ({names}) select {values} from checked where _broken is null{fresh}"
    )
    landed = (f"raw.{contract.feed}", f"_loaded_at = timestamptz {literal(moment.isoformat(' '))}")
    candidates = _tally(connection, contract, *landed) if counted is None else counted
    if is_first:
        _drop_repeats(connection, contract)
    _quarantine(connection, contract, checked.refusals, moment, row_as_it_came, guard)
    return Stored(
        candidates,
        _tally(connection, contract, *landed),
        _tally(connection, contract, "notable", "_broken is not null", "_amount"),
        tuple(_warnings(connection, checked)),
    )


def _is_empty(connection: duckdb.DuckDBPyConnection, feed: str) -> bool:
    return connection.execute(f"select 1 from raw.{feed} limit 1").fetchone() is None


def _money(contract: Contract) -> str:
    return identifier(contract.money[0]) if contract.money else "cast(null as decimal(18, 4))"


def _system(contract: Contract) -> str:
    return "source_system" if "source_system" in contract.column_names else "cast(null as varchar)"


def _tally(
    connection: duckdb.DuckDBPyConnection, contract: Contract, relation: str, condition: str, money: str | None = None
) -> dict[str, Tally]:
    amount = money or _money(contract)
    rows = connection.execute(
        f"select _file, count(*), sum({amount}) from {relation} where {condition} group by _file"
    ).fetchall()
    return {str(file): Tally(int(rows), amount) for file, rows, amount in rows}


def _order(contract: Contract) -> str:
    return "updated_at nulls first, " if contract.has_updated_at else ""


def _news(connection: duckdb.DuckDBPyConnection, contract: Contract) -> str:
    """Find the rows of `checked` that say something new: each is compared with the one before it under its key.

    The one before the first is the newest in `raw`: of the versions that the source dates, the newest with that date.
    Keys are looked for first, by themselves: few of a day's are in `raw`, whose other columns are wide. Asked with
    `exists`, the engine would tell apart the keys of all rows before.
    """
    keys = ", ".join(identifier(key) for key in contract.keys)
    prefixed = ", ".join(f"old.{identifier(key)}" for key in contract.keys)
    dated = "updated_at, " if contract.has_updated_at else ""
    old_dated = "old.updated_at, " if contract.has_updated_at else ""
    connection.execute(f"""
create or replace temp table before as
select {prefixed}, {old_dated}old._row_hash, old._loaded_at, old._file, old._line from raw.{contract.feed} as old
where old.rowid in (
    select sought.rowid from raw.{contract.feed} as sought
    inner join (select distinct {keys} from checked where _broken is null) as new
        on {same_key(contract, "new", "sought")}
)""")
    connection.execute(f"""
create or replace temp table news as
with newest as (
    select {keys}, {dated}_row_hash, _file, _line from before
    qualify row_number() over (
        partition by {dated}{keys} order by _loaded_at desc, _file desc, _line desc
    ) = 1
),
both_sides as (
    select cast(null as bigint) as _row, 0 as _is_new, {keys}, {dated}_row_hash, _file, _line from newest
    union all
    select rowid, 1, {keys}, {dated}_row_hash, _file, _line from checked where _broken is null
),
sequence as (
    select *, lag(_row_hash) over (partition by {keys} order by {_order(contract)}_is_new, _file, _line) as _before
    from both_sides
)
select _row from sequence where _is_new = 1 and _before is distinct from _row_hash""")
    return "select _row from news"


def _drop_repeats(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Take out of a feed's first rows those that repeat the row before them under the same key."""
    keys = ", ".join(identifier(key) for key in contract.keys)
    table = f"raw.{contract.feed}"
    repeated = f"select hash({keys}) as _key from {table} group by _key having count(*) > 1"
    connection.execute(f"create or replace temp table repeated as {repeated}")
    if connection.execute("select 1 from repeated limit 1").fetchone() is None:
        return
    connection.execute(f"""
delete from {table} where rowid in (
    select _row from (
        select rowid as _row, _row_hash,
            lag(_row_hash) over (partition by {keys} order by {_order(contract)}_file, _line) as _before
        from {table} where hash({keys}) in (select _key from repeated)
    ) as sequence where _before = _row_hash
)""")


def _quarantine(
    connection: duckdb.DuckDBPyConnection, contract: Contract, rules: tuple[Rule, ...], moment: datetime,
    row_as_it_came: str | None, guard: Guard | None,
) -> None:  # fmt: skip
    if connection.execute("select 1 from notable where _broken is not null limit 1").fetchone() is None:
        return
    numbered = list(enumerate(rules, start=1))
    names = " ".join(f"when {number} then {literal(rule.name)}" for number, rule in numbered)
    columns = " ".join(f"when {number} then {literal(rule.column)}" for number, rule in numbered if rule.column)
    messages = " ".join(f"when {number} then {_message(rule)}" for number, rule in numbered)
    whole = "coalesce(came._came, notable._raw)" if row_as_it_came else "notable._raw"
    join = (
        f" left join ({row_as_it_came}) as came on came._file = notable._file and came._line = notable._line"
        if row_as_it_came
        else ""
    )
    connection.execute(f"""
create or replace temp table refused as
select {whole} as _raw, case _broken {names} end as _rule, case _broken {columns} end as _column,
    case _broken {messages} end as _message, notable._file, notable._line,
    timestamptz {literal(moment.isoformat(" "))} as _loaded_at, _system
from notable{join} where _broken is not null""")
    if guard is not None:
        guard.blank_refused(connection, "refused", "_system")
    connection.execute(f"insert into quarantine.{contract.feed} by name select * exclude (_system) from refused")


def _message(rule: Rule) -> str:
    if rule.column is None:
        return "_value"
    if not rule.shows_value:
        return literal(rule.sentence)
    return f"concat({literal(rule.column + ': ')}, '''', left(_value, 60), '''', {literal(' ' + rule.message)})"


def _warnings(connection: duckdb.DuckDBPyConnection, checked: Checked) -> list[str]:
    """Say what was let in and ought to be looked at, with counts."""
    said: list[str] = []
    counts = ", ".join(f"count(*) filter (where (_warned & {1 << n}) <> 0)" for n in range(len(checked.warnings)))
    row = connection.execute(f"select {counts} from notable where _broken is null").fetchone() if counts else None
    for number, rule in enumerate(checked.warnings):
        count = int(row[number]) if row else 0
        if not count:
            continue
        subject = f"{count:,} row{'s' if count > 1 else ''}: {rule.sentence}"
        if rule.name == "unknown_code":
            subject += f" ({_unknown_names(connection, str(rule.column))}); map it in company.yml under codes"
        said.append(subject)
    return said


def _unknown_names(connection: duckdb.DuckDBPyConnection, column: str) -> str:
    rows = connection.execute(
        "select json_extract_string(_named, ?) as name, count(*) as n from notable where _named is not null "
        "group by name having name is not null order by n desc, name limit 5", [f"/{column}"],
    ).fetchall()  # fmt: skip
    return ", ".join(f"{str(name)[:40]!r} {count:,}" for name, count in rows)
