"""Holding rows against a contract: one SQL pass that types each value and finds the first rule that each row breaks.

Belongs here: the pass. Its types are made in `typing_sql.py`, its rules in `rules.py`; what happens to accepted and
refused rows is in `storing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dagster_project.database import row_hash
from dagster_project.ingestion.codes import fold
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.company_file import ReadOptions
from dagster_project.ingestion.contract import Column, Contract
from dagster_project.ingestion.reading import RESERVED, identifier, literal
from dagster_project.ingestion.rules import Clock, Rule, as_exact, default_code, odd_name, raw_name, rules_of
from dagster_project.ingestion.typing_sql import as_text, cleaned, coded, is_text, known_values, typed


@dataclass(frozen=True)
class Checked:
    """The pass, as SQL.

    `select` gives the contract's columns, `_extra, _file, _line, _row_hash` and, for each row, `_broken` (the refusal's
    number, from 1, or null), `_warned` (a bit a warning), `_value` and `_raw` (of refused rows only) and
    `_named` (unknown names of codes, as JSON by column).
    """

    select: str
    refusals: tuple[Rule, ...]
    warnings: tuple[Rule, ...]
    extras: tuple[str, ...]


def matched(contract: Contract, names: Mapping[str, str]) -> dict[str, str]:
    """Match a source's columns to the contract's, whatever their order and case: contract column → source column."""
    return {column: own[0] for column, own in matched_all(contract, names).items()}


def matched_all(contract: Contract, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Name for each column of the contract all that is taken for it, what is spelled like it first."""
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(names, key=lambda n: (n not in contract.column_names, n)):
        if name not in RESERVED:
            found[fold(name)] = (*found.get(fold(name), ()), name)
    return {column: found[column] for column in contract.column_names if column in found}


def checked(
    contract: Contract, company: Company, columns: Mapping[str, str], options: ReadOptions, clock: Clock
) -> Checked:
    """Make the pass over the relation `incoming`, whose own `columns` are given with the engine's types."""
    own = matched(contract, columns)
    extras = tuple(sorted((c for c in columns if c not in own.values() and c not in RESERVED), key=str.lower))
    zone = options.time_zone or company.time_zone
    present = [contract.column(name) for name in own]
    rules = rules_of(contract, present, clock)
    refusals = tuple(rule for rule in rules if rule.is_refusal)
    warnings = tuple(rule for rule in rules if not rule.is_refusal)
    trimmed = ", ".join(
        f"{cleaned(identifier(own[c.name]), columns[own[c.name]])} as {raw_name(c.name)}" for c in present
    )
    kept = ", ".join(f"{identifier(c)} as {_source(c)}" for c in (*own.values(), *extras))
    values = ", ".join(
        f"{value_of(c, columns[own[c.name]], company, contract, options, zone)} as {identifier(c.name)}"
        for c in present
    )
    absent = "".join(
        f", cast(null as {c.sql_type}) as {identifier(c.name)}" for c in contract.columns if c.name not in own
    )
    unknown = "".join(
        f", {odd_value(c, columns[own[c.name]], company, contract)} as {odd_name(c.name)}"
        for c in present
        if default_code(c) is not None
    )
    named = [identifier(c) for c in contract.column_names]
    names = ", ".join(named)
    select = f"""
with trimmed as (
    select {trimmed}, {kept}, _file, _line, _fault, _whole from incoming
),
typed as (
    select *, {values}{absent}{unknown} from trimmed
),
judged as (
    select * replace ({derived_values(contract)}),
        {_first_broken(refusals)} as _broken,
        {_bits(warnings)} as _warned,
        {_named(warnings)} as _named,
        {_extra(extras, columns)} as _extra
    from typed
)
select {names}, _extra, _file, _line,
    {row_hash(named, "_extra")} as _row_hash,
    _broken, _warned, {_value_of_refused(refusals)} as _value, _named,
    case when _broken is not null then coalesce(_whole, {_whole_row([*own.values(), *extras])}) end as _raw
from judged"""
    if not contract.derived:
        select = select.replace("* replace ()", "*")
    return Checked(select, refusals, warnings, extras)


def _source(name: str) -> str:
    return identifier(f"source:{name}")


def _names(column: Column, company: Company, contract: Contract) -> dict[str, str]:
    """Find the company's own names for a column's codes: by code list, then by column, then by feed and column."""
    keys = [column.code_list.name] if column.code_list else []
    names: dict[str, str] = {}
    for key in (*keys, column.name, f"{contract.feed}.{column.name}"):
        names |= company.codes.get(key, {})
    allowed = known_values(column)
    return {own: code for own, code in names.items() if not allowed or code in allowed}


def _text(column: Column, kind: str) -> str:
    """Give a value as text: Parquet may hold a code as bytes or as a number."""
    return raw_name(column.name) if is_text(kind) else as_text(raw_name(column.name), kind)


def value_of(column: Column, kind: str, company: Company, contract: Contract, options: ReadOptions, zone: str) -> str:
    """Give the SQL of a column's value in the contract's type, from what came, of the engine's type `kind`."""
    value = typed(column, raw_name(column.name), kind, options, zone)
    names = _names(column, company, contract)
    if column.type != "string" or not (column.values or column.code_list or names):
        return value
    text = value if kind == "VARCHAR" else f"({value})"
    code = coded(column, text, names)
    default = default_code(column)
    return (
        code
        if default is None
        else f"case when {raw_name(column.name)} is not null then coalesce({code}, {literal(default)}) end"
    )


def odd_value(column: Column, kind: str, company: Company, contract: Contract) -> str:
    """Tell whether a value is a name that no code list knows."""
    code = coded(column, _text(column, kind), _names(column, company, contract))
    return f"{raw_name(column.name)} is not null and {code} is null"


def derived_values(contract: Contract) -> str:
    """Fill a derived column where the source gave none."""
    filled: list[str] = []
    for name, formula in contract.derived.items():
        value = as_exact(contract, formula, contract.column(name).sql_type)
        filled.append(f"coalesce({identifier(name)}, {value}) as {identifier(name)}")
    return ", ".join(filled)


def _first_broken(refusals: tuple[Rule, ...]) -> str:
    """Give the number, from 1, of the first rule that a row breaks."""
    cases = " ".join(f"when {rule.broken} then {number}" for number, rule in enumerate(refusals, start=1))
    return f"case {cases} end"


def _value_of_refused(refusals: tuple[Rule, ...]) -> str:
    """Take the value that the message of the broken rule may show; asked only of rows that break one."""
    cases = " ".join(f"when {number} then {_shown(rule)}" for number, rule in enumerate(refusals, start=1))
    return f"case when _broken is not null then case _broken {cases} end end"


def _bits(rules: tuple[Rule, ...]) -> str:
    """Set bit n where warning n applies; 62 warnings fit, and no contract comes near."""
    bits = [f"case when {rule.broken} then {1 << position} else 0 end" for position, rule in enumerate(rules)]
    return f"cast({' | '.join(bits)} as bigint)" if bits else "cast(0 as bigint)"


def _shown(rule: Rule) -> str:
    """Take the value that a message may show; the fault of a row that could not be read speaks for itself."""
    if rule.column is None:
        return "_fault"
    return f"cast({raw_name(rule.column)} as varchar)" if rule.shows_value else "cast(null as varchar)"


def _named(warnings: tuple[Rule, ...]) -> str:
    """Keep the names that no code list knows, so that they can be reported."""
    rules = [rule for rule in warnings if rule.name == "unknown_code" and rule.column]
    if not rules:
        return "cast(null as json)"
    fields = ", ".join(
        f"{literal(rule.column)}: case when {rule.broken} then cast({raw_name(str(rule.column))} as varchar) end"
        for rule in rules
    )
    return f"case when {' or '.join(rule.broken for rule in rules)} then to_json({{{fields}}}) end"


def _extra(extras: tuple[str, ...], columns: Mapping[str, str]) -> str:
    """Keep what the contract does not know, as JSON without nulls, so that it does not depend on other files."""
    if not extras:
        return "cast(null as json)"
    values = {c: f"nullif({_source(c)}, '')" if is_text(columns[c]) else _source(c) for c in extras}
    fields = ", ".join(f"{literal(c)}: {value}" for c, value in values.items())
    filled = " or ".join(f"{value} is not null" for value in values.values())
    return f"case when {filled} then json_merge_patch(json('{{}}'), to_json({{{fields}}})) end"


def _whole_row(columns: list[str]) -> str:
    fields = ", ".join(f"{literal(c)}: {_source(c)}" for c in columns)
    return f"json_merge_patch(json('{{}}'), to_json({{{fields}}}))"
