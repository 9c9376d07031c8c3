"""Reading one criterion: a condition on one row of the customer 360, and nothing else.

Belongs here: what a criterion may be made of. Does not belong here: running it. The text is parsed; only what
stands on the list below passes, and what runs is written anew from the parsed tree, so that nothing of the text
itself ever reaches the database.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError

MAX_CHARACTERS = 4_000
MAX_PARTS = 500
_FUNCTIONS = (
    exp.Abs, exp.Ceil, exp.Coalesce, exp.Extract, exp.Floor, exp.Greatest, exp.Least, exp.Length, exp.Lower, exp.Nullif,
    exp.Round, exp.StartsWith, exp.Trim, exp.Upper,
)  # fmt: skip
_ALLOWED = (
    *_FUNCTIONS,
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren,
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Between, exp.In, exp.Is, exp.Like, exp.ILike, exp.Case, exp.If,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg,
)  # fmt: skip
_EXTRACTED = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOW", "ISODOW", "DOY"}


class CriterionError(ValueError):
    """A criterion that cannot be used; its text says what is wrong and where (line and column, from 1)."""


def read_criterion(text: str, columns: Collection[str]) -> str:
    """Check a criterion and write it anew, in the dialect of DuckDB.

    Args:
        text: a condition, such as `recency_days <= 30 and country_code in ('IT', 'CH')`.
        columns: names that it may use.

    Returns:
        The same condition with quoted names, without comments; a division by zero gives null.

    Raises:
        CriterionError: it is empty, too long, no condition, or uses something that is not allowed.
    """
    if not text.strip():
        raise CriterionError("the criterion is empty; write a condition on columns of mart_customer_360")
    if len(text) > MAX_CHARACTERS:
        raise CriterionError(f"the criterion has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")
    tree = _parse(text)
    parts = list(tree.walk())
    if len(parts) > MAX_PARTS:
        raise CriterionError(f"the criterion has {len(parts):,} parts; at most {MAX_PARTS} are allowed")
    for part in parts:
        _check(part, text, columns)
    safe = tree.transform(_guard_division)
    return safe.sql(dialect="duckdb", comments=False, identify=True)


def _parse(text: str) -> exp.Expr:
    try:
        return parse_one(text, read="duckdb", into=exp.Condition)
    except ParseError as fault:
        found = fault.errors[0] if fault.errors else {}
        near = str(found.get("highlight") or "").strip()
        where = f" (line {found.get('line')}, column {found.get('col')})" if found.get("line") else ""
        raise CriterionError(f"not a condition: cannot read {near!r}{where}; write one condition and no `;`") from None
    except Exception:  # the parser meets any text here, and does not promise which faults it has
        raise CriterionError("not a condition that can be read") from None


def _check(part: exp.Expr, text: str, columns: Collection[str]) -> None:
    if isinstance(part, exp.Column):
        _check_column(part, text, columns)
        return
    refusal = _refusal(part)
    if refusal:
        raise CriterionError(refusal.format(place=_place(part, text)))


def _refusal(part: exp.Expr) -> str:
    """Say why a part is refused, with `{place}` where its place belongs; empty where it is allowed."""
    if isinstance(part, exp.In):
        is_list = not any(part.args.get(other) for other in ("query", "unnest", "field"))
        return "" if is_list else "`in` takes a list of values, not a query{place}"
    if isinstance(part, exp.Cast):
        is_date = isinstance(part.this, exp.Literal) and part.this.is_string and part.to.is_type("date")
        return "" if is_date else "a conversion is not allowed{place}; a date is written date '2026-01-31'"
    if isinstance(part, exp.DataType) and isinstance(part.parent, exp.Cast):
        return ""
    if isinstance(part, exp.Var) and isinstance(part.parent, exp.Extract) and part.name.upper() in _EXTRACTED:
        return ""
    return "" if type(part) in _ALLOWED else f"{_kind(part)} is not allowed{{place}}; see docs/ for what may be used"


def _check_column(column: exp.Column, text: str, columns: Collection[str]) -> None:
    if column.table or column.db or column.catalog:
        raise CriterionError(f"write {column.name} alone, without a table{_place(column, text)}")
    if not isinstance(column.this, exp.Identifier):
        raise CriterionError(f"{_kind(column.this)} is not allowed{_place(column, text)}")
    if column.name.lower() not in columns:
        near = get_close_matches(column.name.lower(), columns, n=3, cutoff=0.6)
        hint = f"did you mean {', '.join(near)}?" if near else "the columns are those of mart_customer_360"
        raise CriterionError(f"mart_customer_360 has no column {column.name}{_place(column, text)}; {hint}")


def _guard_division(part: exp.Expr) -> exp.Expr:
    if isinstance(part, exp.Div | exp.Mod) and not isinstance(part.expression, exp.Nullif):
        part.set("expression", exp.Nullif(this=exp.Paren(this=part.expression), expression=exp.Literal.number(0)))
    return part


def _kind(part: exp.Expr) -> str:
    if isinstance(part, exp.Subquery | exp.Query | exp.Exists):
        return "a query"
    if isinstance(part, exp.Anonymous):
        return f"the function {part.name}".replace("{", "").replace("}", "")
    if isinstance(part, exp.Func):
        return f"the function {part.sql_name().lower()}"
    return f"`{type(part).__name__.lower()}`"


def _place(part: exp.Expr, text: str) -> str:
    """Say where a part begins, by the first word of it whose position is known."""
    starts = [word.meta["start"] for word in part.walk() if "start" in word.meta]
    if not starts:
        return ""
    before = text[: min(starts)]
    return f" (line {before.count(chr(10)) + 1}, column {len(before) - (before.rfind(chr(10)) + 1) + 1})"
