"""Holding rows against a contract: one SQL pass that types each value and finds the first rule that each row breaks.

Belongs here: the rules, in the order in which they are looked at, and their messages. Making types is in `typing_sql.py`;
what happens to accepted and refused rows is in `storing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from dagster_project.ingestion.codes import fold
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.company_file import ReadOptions
from dagster_project.ingestion.contract import Column, Contract, resolve_bound
from dagster_project.ingestion.reading import RESERVED, identifier, literal
from dagster_project.ingestion.typing_sql import cleaned, coded, known_values, typed

_WANTED = {
    "decimal": "a number with at most 14 digits before the point", "integer": "a whole number",
    "boolean": "a truth (true, false, yes, no, 1, 0)", "date": "a day (YYYY-MM-DD)",
    "timestamp": "a time (YYYY-MM-DD HH:MM:SS, with an offset or in the company's time zone)",
    "list": "a list", "json": "a JSON object", "string": "a text",
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A rule: rows for which `broken` is true break it. `message` follows the column's name and, if allowed, the value."""

    name: str
    column: str | None
    broken: str
    message: str
    is_refusal: bool
    shows_value: bool = False


@dataclass(frozen=True)
class Checked:
    """The pass: `select` gives the contract's columns, `_extra, _file, _line, _row_hash` and for each row `_broken` (the
    number of the refusal, from 1, or null), `_warned` (a bit a warning), `_value` and `_raw` (of refused rows only), and
    `_named` (unknown names of codes, as JSON by column).
    """

    select: str
    refusals: tuple[Rule, ...]
    warnings: tuple[Rule, ...]
    extras: tuple[str, ...]


@dataclass(frozen=True)
class Clock:
    """The day and the moment that count as now: AS_OF where it lies ahead of the clock."""

    today: date
    latest: datetime

    @classmethod
    def of(cls, company: Company, as_of: date | None) -> Clock:
        """Read the clock; an event may lie a day ahead of it, because sources' clocks differ."""
        now = datetime.now(UTC)
        today = now.astimezone(company.zone).date()
        if as_of is not None and as_of > today:
            midnight = datetime(as_of.year, as_of.month, as_of.day, tzinfo=company.zone)
            return cls(as_of, midnight.astimezone(UTC) + timedelta(days=1))
        return cls(today, now + timedelta(days=1))


def matched(contract: Contract, names: Mapping[str, str]) -> dict[str, str]:
    """Match a source's columns to the contract's, whatever their order and case; give contract column → source column."""
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda n: (n not in contract.column_names, n)):
        if name not in RESERVED:
            found.setdefault(fold(name), name)
    return {column: found[column] for column in contract.column_names if column in found}


def checked(
    contract: Contract, company: Company, columns: Mapping[str, str], options: ReadOptions, clock: Clock
) -> Checked:
    """Make the pass over the relation `incoming`, whose own `columns` are given with the engine's types."""
    own = matched(contract, columns)
    extras = tuple(sorted((c for c in columns if c not in own.values() and c not in RESERVED), key=str.lower))
    zone = options.time_zone or company.time_zone
    present = [contract.column(name) for name in own]
    rules = _rules(contract, present, clock)
    refusals = tuple(rule for rule in rules if rule.is_refusal)
    warnings = tuple(rule for rule in rules if not rule.is_refusal)
    trimmed = ", ".join(f"{cleaned(identifier(own[c.name]), columns[own[c.name]])} as {_raw(c.name)}" for c in present)
    kept = ", ".join(f"{identifier(c)} as {_source(c)}" for c in (*own.values(), *extras))
    values = ", ".join(
        f"{_value(c, columns[own[c.name]], company, contract, options, zone)} as {identifier(c.name)}" for c in present
    )
    absent = "".join(
        f", cast(null as {c.sql_type}) as {identifier(c.name)}" for c in contract.columns if c.name not in own
    )
    unknown = "".join(
        f", {coded(c, _raw(c.name), _names(c, company, contract))} is null and {_raw(c.name)} is not null as {_odd(c.name)}"
        for c in present
        if _default(c) is not None
    )
    select = f"""
with trimmed as (
    select {trimmed}, {kept}, _file, _line, _fault, _whole from incoming
),
typed as (
    select *, {values}{absent}{unknown} from trimmed
),
judged as (
    select * replace ({_derived(contract)}),
        {_case(refusals, lambda number, _: str(number))} as _broken,
        {_bits(warnings)} as _warned,
        {_case(refusals, lambda _, rule: _shown(rule))} as _value,
        {_named(warnings)} as _named,
        {_extra(extras)} as _extra
    from typed
)
select {", ".join(identifier(c) for c in contract.column_names)}, _extra, _file, _line,
    lower(to_hex(hash({", ".join(identifier(c) for c in contract.column_names)}, cast(_extra as varchar)))) as _row_hash,
    _broken, _warned, _value, _named,
    case when _broken is not null then coalesce(_whole, {_whole_row([*own.values(), *extras])}) end as _raw
from judged"""
    if not contract.derived:
        select = select.replace("* replace ()", "*")
    return Checked(select, refusals, warnings, extras)


def _raw(name: str) -> str:
    return identifier(f"{name}:raw")


def _odd(name: str) -> str:
    return identifier(f"{name}:unknown")


def _source(name: str) -> str:
    return identifier(f"source:{name}")


def _default(column: Column) -> str | None:
    return column.code_list.unknown if column.code_list else None


def _names(column: Column, company: Company, contract: Contract) -> dict[str, str]:
    """The company's own names for this column's codes: by code list, then by column, then by feed and column."""
    keys = [column.code_list.name] if column.code_list else []
    names: dict[str, str] = {}
    for key in (*keys, column.name, f"{contract.feed}.{column.name}"):
        names |= company.codes.get(key, {})
    allowed = known_values(column)
    return {own: code for own, code in names.items() if not allowed or code in allowed}


def _value(column: Column, kind: str, company: Company, contract: Contract, options: ReadOptions, zone: str) -> str:
    value = typed(column, _raw(column.name), kind, options, zone)
    names = _names(column, company, contract)
    if column.type != "string" or not (column.values or column.code_list or names):
        return value
    text = value if kind == "VARCHAR" else f"({value})"
    code = coded(column, text, names)
    default = _default(column)
    return (
        code
        if default is None
        else f"case when {_raw(column.name)} is not null then coalesce({code}, {literal(default)}) end"
    )


def _rules(contract: Contract, present: list[Column], clock: Clock) -> list[Rule]:
    rules = [Rule("ragged", None, "_fault is not null", "", contract.breach["ragged"] != "warn")]
    for column in present:
        rules += _column_rules(contract, column, clock)
    for name, formula in contract.derived.items():
        fits = f"try_cast({formula} as {contract.column(name).sql_type})"
        broken = f"{identifier(name)} is null and ({formula}) is not null and {fits} is null"
        rules.append(Rule("range", name, broken, "works out as a number that is too large", True))
    for rule in contract.rules:
        broken = f"({rule.condition}) = false"
        rules.append(Rule(rule.name, rule.column, broken, rule.message, rule.severity == "refuse_row"))
    return rules


def _column_rules(contract: Contract, column: Column, clock: Clock) -> list[Rule]:
    name, raw, value = column.name, _raw(column.name), identifier(column.name)
    shows = not column.is_personal
    misfit = f"{raw} is not null and {value} is null"
    rules: list[Rule] = []

    def add(kind: str, broken: str, message: str, shown: bool = shows) -> None:
        rules.append(Rule(kind, name, broken, message, contract.breach[kind] == "refuse_row", shown))

    if column.required:
        add("required", f"{raw} is null", "is empty", False)
    if _default(column) is not None:
        add("unknown_code", _odd(name), f"is no known name and became {_default(column)}")
    elif column.values:
        add("allowed_value", misfit, f"is none of {', '.join(column.values)}")
    elif column.code_list is not None:
        add("code_form", misfit, f"is no {column.code_list.name.replace('_', ' ')} code")
    else:
        add("type", misfit, f"is not {_WANTED[column.type]}")
    for kind, broken, message in _ranges(contract, column, clock):
        add(kind, broken, message)
    return [rule for rule in rules if not (rule.name == "type" and column.type in ("string", "list"))]


def _ranges(contract: Contract, column: Column, clock: Clock) -> list[tuple[str, str, str]]:
    value = identifier(column.name)
    low, high = resolve_bound(column.minimum, clock.today), resolve_bound(column.maximum, clock.today)
    kind = "event_time" if column.name == contract.event_time else "range"
    if column.type == "timestamp":
        future = kind == "event_time" or column.maximum in ("now", "today")
        end = clock.latest.isoformat(" ") if future else "9999-12-31 23:59:59+00"
        return [
            (kind, f"{value} < timestamptz '1970-01-01 00:00:00+00'", "lies before 1970"),
            (
                kind,
                f"{value} > timestamptz {literal(end)}",
                "lies in the future" if future else "lies beyond the year 9999",
            ),
        ]
    if column.type == "date":
        first, last = low or date(1, 1, 1), high or date(9999, 12, 31)
        return [
            (kind, f"{value} < date {literal(first)}", f"lies before {first}"),
            (kind, f"{value} > date {literal(last)}", f"lies after {last}"),
        ]
    ranges = [] if low is None else [(kind, f"{value} < {_figure(low)}", f"is less than {_figure(low)}")]
    return ranges if high is None else [*ranges, (kind, f"{value} > {_figure(high)}", f"is more than {_figure(high)}")]


def _figure(bound: object) -> str:
    return f"{bound:.12f}".rstrip("0").rstrip(".") if isinstance(bound, float) else str(bound)


def _derived(contract: Contract) -> str:
    """Fill a derived column where the source gave none."""
    return ", ".join(
        f"coalesce({identifier(name)}, try_cast({formula} as {contract.column(name).sql_type})) as {identifier(name)}"
        for name, formula in contract.derived.items()
    )


def _case(rules: tuple[Rule, ...], result: Callable[[int, Rule], str]) -> str:
    cases = " ".join(f"when {rule.broken} then {result(number, rule)}" for number, rule in enumerate(rules, start=1))
    return f"case {cases} end"


def _bits(rules: tuple[Rule, ...]) -> str:
    """A number with bit n set where warning n applies; 62 warnings at most, and no contract comes near."""
    bits = [f"case when {rule.broken} then {1 << position} else 0 end" for position, rule in enumerate(rules)]
    return f"cast({' | '.join(bits)} as bigint)" if bits else "cast(0 as bigint)"


def _shown(rule: Rule) -> str:
    """The value that a message may show; the fault of a row that could not be read speaks for itself."""
    if rule.column is None:
        return "_fault"
    return f"cast({_raw(rule.column)} as varchar)" if rule.shows_value else "cast(null as varchar)"


def _named(warnings: tuple[Rule, ...]) -> str:
    """Keep the names that no code list knows, so that they can be reported."""
    rules = [rule for rule in warnings if rule.name == "unknown_code" and rule.column]
    if not rules:
        return "cast(null as json)"
    fields = ", ".join(
        f"{literal(rule.column)}: case when {rule.broken} then cast({_raw(str(rule.column))} as varchar) end"
        for rule in rules
    )
    return f"case when {' or '.join(rule.broken for rule in rules)} then to_json({{{fields}}}) end"


def _extra(extras: tuple[str, ...]) -> str:
    """What the contract does not know, as JSON without nulls, so that it does not depend on the files beside it."""
    if not extras:
        return "cast(null as json)"
    fields = ", ".join(f"{literal(c)}: {_source(c)}" for c in extras)
    filled = " or ".join(f"{_source(c)} is not null" for c in extras)
    return f"case when {filled} then json_merge_patch(json('{{}}'), to_json({{{fields}}})) end"


def _whole_row(columns: list[str]) -> str:
    fields = ", ".join(f"{literal(c)}: {_source(c)}" for c in columns)
    return f"json_merge_patch(json('{{}}'), to_json({{{fields}}}))"
