"""`raw.<feed>` brought in line with its contract, when that has won or lost columns since the rows were loaded.

Belongs here: filling a new column for the history from what `_extra` has kept, by the rules that a file's values are
held to, and putting a lost column there. `_loaded_at` stays, so what was known when is as it was. A run after a change
of a contract builds every table whole (`operations/upkeep.py`), so that all that draws on the rows follows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from dagster_project.database import row_hash
from dagster_project.ingestion.checking import derived_values, matched_all, odd_value, value_of
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.company_file import ReadOptions
from dagster_project.ingestion.contract import Column, Contract
from dagster_project.ingestion.reading import identifier, literal
from dagster_project.ingestion.rules import Clock, Rule, default_code, odd_name, raw_name, rules_of
from dagster_project.ingestion.store import META, columns_of
from dagster_project.ingestion.typing_sql import as_text, cleaned
from dagster_project.privacy.guard import Guard


@dataclass(frozen=True)
class _New:
    """A column that the contract has won: the names under which files sent it, and the rules that its values keep."""

    column: Column
    keys: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def is_misfit(self) -> str:
        """The condition on which a value cannot be taken over."""
        return " or ".join(f"coalesce({rule.broken}, false)" for rule in self.rules) or "false"


def bring_in_line(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    company: Company,
    clock: Clock,
    guard: Guard | None = None,
) -> list[str]:
    """Give `raw.<feed>` the contract's columns, in its order; say what became of values that `_extra` had kept.

    A value that breaks a rule of its new column stays in `_extra`. Rows are hashed anew: one that is delivered again is
    no news. Whoever has a tombstone is kept out of what a new column tells of him.
    """
    described = connection.execute(f"select * from raw.{contract.feed} limit 0").description
    own = [name for name, *_ in described if name not in META]
    if own == list(contract.column_names):
        return []
    source = company.feeds.get(contract.feed)
    options = source.options if source else ReadOptions()
    news = _news(connection, contract, clock, own)
    judged = _judged(contract, company, options, news)
    said = _told(connection, judged, news) if news else []
    there = columns_of(connection)[contract.feed]
    lost = {name: there[name] for name in own if name not in contract.column_names}
    target = f"raw.{contract.feed}"
    connection.execute("begin transaction")
    try:
        connection.execute(f"create table raw._in_line as {_in_line(contract, news, lost, judged)}")
        connection.execute(f"drop table {target}")
        connection.execute(f"alter table raw._in_line rename to {contract.feed}")
        if guard is not None:
            guard.keep_out(connection, target)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return said + [f"{name}: the contract no longer has it; what was loaded is in _extra" for name in lost]


def _news(connection: duckdb.DuckDBPyConnection, contract: Contract, clock: Clock, own: Sequence[str]) -> list[_New]:
    rows = connection.execute(
        f"select distinct unnest(json_keys(_extra)) as name from raw.{contract.feed} where _extra is not null"
    ).fetchall()
    columns = [column for column in contract.columns if column.name not in own]
    keys = matched_all(contract, [name for (name,) in rows])
    rules = rules_of(contract, columns, clock)
    return [
        _New(
            column, keys.get(column.name, ()),
            tuple(r for r in rules if r.column == column.name and r.name not in ("required", "unknown_code")),
        )
        for column in columns
    ]  # fmt: skip


def _judged(contract: Contract, company: Company, options: ReadOptions, news: Sequence[_New]) -> str:
    """Select every row with, for each new column, its value as it came, typed, and whether its code is unknown."""
    zone = options.time_zone or company.time_zone
    raw = "".join(f", {_kept(new.keys)} as {raw_name(new.column.name)}" for new in news)
    typed, odd = "", ""
    for new in news:
        name = new.column.name
        typed += f", {_typed(new, company, contract, options, zone)} as {identifier(name)}"
        if default_code(new.column) is not None:
            odd += f", {odd_value(new.column, 'VARCHAR', company, contract)} as {odd_name(name)}"
    return f"""
with kept as (select *{raw} from raw.{contract.feed})
select *{typed}{odd} from kept"""


def _kept(keys: Sequence[str]) -> str:
    """Read the first of these keys that a row's `_extra` has, as a file gives it: a trimmed text."""
    values = [f"json_extract_string(_extra, {_path(key)})" for key in keys]
    # A number that is no text came from a typed file.
    texts = [
        f"case json_type(_extra, {_path(key)}) when 'DOUBLE' "
        f"then coalesce({as_text(f'try_cast({value} as double)', 'DOUBLE')}, {value}) else {value} end"
        for key, value in zip(keys, values, strict=True)
    ]
    return cleaned(f"coalesce({', '.join(texts)})", "VARCHAR") if texts else "cast(null as varchar)"


def _typed(new: _New, company: Company, contract: Contract, options: ReadOptions, zone: str) -> str:
    value = value_of(new.column, "VARCHAR", company, contract, options, zone)
    if options.decimal == "." or new.column.type not in ("decimal", "integer"):
        return value
    # The feed's decimal comma is one of its texts; a typed file's number has a point.
    plain = value_of(new.column, "VARCHAR", company, contract, ReadOptions(time_zone=zone), zone)
    is_text = [f"json_type(_extra, {_path(key)}) = 'VARCHAR'" for key in new.keys] or ["true"]
    return f"case when {' or '.join(is_text)} then {value} else {plain} end"


def _path(key: str) -> str:
    return literal("/" + key.replace("~", "~0").replace("/", "~1"))


def _in_line(contract: Contract, news: Sequence[_New], lost: Mapping[str, str], judged: str) -> str:
    """Select the rows as they are to stand: new columns filled, `_extra` without what they took, hashed anew."""
    misfit = {
        new.column.name: f"case when {new.is_misfit} then null else {identifier(new.column.name)} end" for new in news
    }
    values = ", ".join(f"{misfit.get(c, identifier(c))} as {identifier(c)}" for c in contract.column_names)
    # A key that a patch calls null goes.
    patch = "".join(f" || {_patch(new, key)}" for new in news for key in new.keys)
    extra = f"case when _extra is not null then json_merge_patch(_extra, rtrim('{{'{patch}, ',') || '}}') end"
    if lost:
        fields = ", ".join(f"{literal(name)}: {_as_sent(name, kind)}" for name, kind in lost.items())
        extra = f"json_merge_patch(coalesce({extra}, json('{{}}')), to_json({{{fields}}}))"
    names = [identifier(name) for name in contract.column_names]
    hashed = {"_row_hash": f"{row_hash(names, '_extra')} as _row_hash"}
    listed = ", ".join(hashed.get(name, identifier(name)) for name in (*contract.column_names, *META))
    derived = derived_values(contract)
    return f"""
with filled as (
    select {values}, nullif(cast({extra} as varchar), '{{}}')::json as _extra, _file, _line, _loaded_at
    from ({judged}) as judged
),
derived as (select *{f" replace ({derived})" if derived else ""} from filled)
select {listed} from derived"""


def _patch(new: _New, key: str) -> str:
    part = literal(json.dumps(key) + ":null,")
    return f"case when {_is_first(key, new.keys)} and not ({new.is_misfit}) then {part} else '' end"


def _is_first(key: str, keys: Sequence[str]) -> str:
    """Whether it is the key whose value a row's column takes: one that a row has besides stays."""
    before = [f"not json_exists(_extra, {_path(other)})" for other in keys[: keys.index(key)]]
    return " and ".join([f"json_exists(_extra, {_path(key)})", *before])


def _as_sent(name: str, kind: str) -> str:
    value = identifier(name)
    return value if kind == "JSON" or kind.endswith("[]") else f"cast({value} as varchar)"


def _told(connection: duckdb.DuckDBPyConnection, judged: str, news: Sequence[_New]) -> list[str]:
    """Count what the new columns take from `_extra`, and what stays there, and why."""
    counts: list[tuple[str, str]] = []
    for new in news:
        name, raw = new.column.name, raw_name(new.column.name)
        taken = f"{raw} is not null and not ({new.is_misfit})"
        counts.append((taken, f"{name}: filled from _extra for {{}} loaded before"))
        counts += [
            (rule.broken, f"{{}} loaded before: {rule.sentence}; the value stays in _extra") for rule in new.rules
        ]
        if default_code(new.column) is not None:
            became = f"is no known name and became {default_code(new.column)}"
            counts.append((f"{raw} is not null and {odd_name(name)}", f"{{}} loaded before: {name} {became}"))
    listed = ", ".join(f"count(*) filter (where {condition})" for condition, _ in counts)
    row = connection.execute(f"select {listed} from ({judged}) as judged where _extra is not null").fetchone() or ()
    return [
        sentence.replace("{}", f"{rows:,} row{'s' if rows > 1 else ''}", 1)
        for rows, (_, sentence) in zip(row, counts, strict=True)
        if rows
    ]
