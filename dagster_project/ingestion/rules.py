"""The rules of a contract as SQL conditions, in the order in which they are looked at, each with its message.

Belongs here: what is asked of a value and what is said of it. The pass that asks is in `checking.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import sqlglot
from sqlglot import exp

from dagster_project import clock
from dagster_project.ingestion.company import Company
from dagster_project.ingestion.contract import Column, Contract, resolve_bound
from dagster_project.ingestion.reading import identifier, literal

_WANTED = {
    "decimal": "a number with at most 14 digits before the point", "integer": "a whole number",
    "boolean": "a truth (true, false, yes, no, 1, 0)", "date": "a day (YYYY-MM-DD)",
    "timestamp": "a time (YYYY-MM-DD HH:MM:SS, with an offset or in the company's time zone)",
    "list": "a list", "json": "a JSON object", "string": "a text",
}  # fmt: skip

# Two numbers below it have a product of at most 18 digits, 8 of them behind the point.
_SMALL = 30_000


@dataclass(frozen=True)
class Rule:
    """A rule: `broken` is true of a row that breaks it, `message` follows the column's name and perhaps its value."""

    name: str
    column: str | None
    broken: str
    message: str
    is_refusal: bool
    shows_value: bool = False
    is_sentence: bool = False

    @property
    def sentence(self) -> str:
        """The message without the value."""
        return self.message if self.is_sentence or not self.column else f"{self.column} {self.message}"


@dataclass(frozen=True)
class Clock:
    """The day and the moment that count as now: AS_OF where it lies ahead of the clock; and where 1970 begins."""

    today: date
    latest: datetime
    earliest: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @classmethod
    def of(cls, company: Company, as_of: date | None) -> Clock:
        """Read the clock; an event may lie a day ahead of it, because sources' clocks differ."""
        now, today = clock.now(), clock.today(company.zone)
        earliest = datetime(1970, 1, 1, tzinfo=company.zone).astimezone(UTC)
        if as_of is not None and as_of > today:
            midnight = datetime(as_of.year, as_of.month, as_of.day, tzinfo=company.zone)
            return cls(as_of, midnight.astimezone(UTC) + timedelta(days=1), earliest)
        return cls(today, now + timedelta(days=1), earliest)


def raw_name(name: str) -> str:
    """Name the column of the pass that holds a value as it came, trimmed."""
    return identifier(f"{name}:raw")


def odd_name(name: str) -> str:
    """Name the column of the pass that marks a name which no code list knows."""
    return identifier(f"{name}:unknown")


def default_code(column: Column) -> str | None:
    """Give the code that an unknown name becomes, where the list has one."""
    return column.code_list.unknown if column.code_list else None


def rules_of(contract: Contract, present: list[Column], clock: Clock) -> list[Rule]:
    """List the rules for the columns that are present, then those over whole rows."""
    rules = [Rule("ragged", None, "_fault is not null", "", contract.breach["ragged"] != "warn")]
    for column in present:
        rules += _column_rules(contract, column, clock)
    for name, formula in contract.derived.items():
        value, most = as_exact(contract, formula, contract.column(name).sql_type), contract.column(name).maximum
        large = f"{value} is null" + (f" or abs({value}) > {most}" if most is not None else "")
        broken = f"{identifier(name)} is null and ({as_double(contract, formula)}) is not null and ({large})"
        rules.append(Rule("range", name, broken, "works out as a number that is too large", True))
    for rule in contract.rules:
        broken = f"({as_double(contract, rule.condition)}) = false"
        rules.append(
            Rule(rule.name, rule.column, broken, rule.message, rule.severity == "refuse_row", is_sentence=True)
        )
    return rules


def _column_rules(contract: Contract, column: Column, clock: Clock) -> list[Rule]:
    name, raw, value = column.name, raw_name(column.name), identifier(column.name)
    shows = not column.is_personal
    misfit = f"{raw} is not null and {value} is null"
    rules: list[Rule] = []

    def add(kind: str, broken: str, message: str, shown: bool = shows) -> None:
        rules.append(Rule(kind, name, broken, message, contract.breach[kind] == "refuse_row", shown))

    if column.required:
        add("required", f"{raw} is null", "is empty", False)
    if default_code(column) is not None:
        add("unknown_code", odd_name(name), f"is no known name and became {default_code(column)}")
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
            (kind, f"{value} < timestamptz {literal(clock.earliest.isoformat(' '))}", "lies before 1970"),
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


def as_double(contract: Contract, expression: str) -> str:
    """Let a condition of the contract work with floats: it compares with a tolerance, and no product is too large."""
    return _recast(expression, dict.fromkeys(_decimals(contract), "DOUBLE"))


def as_exact(contract: Contract, formula: str, kind: str) -> str:
    """Work out a formula with at most one product as a decimal of that kind, null if it is too large for it.

    The engine fails a whole batch on a product beyond 18 digits, and needs fifty times as long for one of 38; so only
    rows with large numbers take the wide way.
    """
    wide = _recast(formula, {name: f"DECIMAL(38, {scale})" for name, scale in _decimals(contract).items()})
    used = sorted({c.name for c in sqlglot.parse_one(formula, dialect="duckdb").find_all(exp.Column)})
    largest = ", ".join(f"abs({identifier(name)})" for name in used)
    is_small = f"greatest({largest}) < {_SMALL}"
    return f"case when {is_small} then try_cast({formula} as {kind}) else try_cast({wide} as {kind}) end"


def _decimals(contract: Contract) -> dict[str, int]:
    return {c.name: c.scale for c in contract.columns if c.type == "decimal"}


def _recast(expression: str, kinds: Mapping[str, str]) -> str:
    def recast(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name in kinds:
            return exp.cast(node.copy(), kinds[node.name], dialect="duckdb")
        return node

    return str(sqlglot.parse_one(expression, dialect="duckdb").transform(recast).sql(dialect="duckdb"))
