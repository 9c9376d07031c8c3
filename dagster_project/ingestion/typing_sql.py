"""From a value as it came to the contract's type, as SQL expressions that never fail: what does not fit becomes null.

Belongs here: one expression a type. Whether a null is then a fault is decided in `checking.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dagster_project.ingestion.codes import CodeList, fold
from dagster_project.ingestion.company_file import ReadOptions
from dagster_project.ingestion.contract import Column
from dagster_project.ingestion.reading import literal

_TRUE = ("true", "t", "yes", "y", "1", "on", "x", "si", "sì", "vero", "ja", "wahr", "oui", "vrai", "sí", "sim")
_FALSE = ("false", "f", "no", "n", "0", "off", "falso", "nein", "falsch", "non", "faux", "não")
_INTEGERS = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
}
_FLOATS = {"FLOAT", "DOUBLE"}
# An offset, or a zone's name, behind a time of day.
_OFFSET = r":\d\d([.,]\d+)?\s*([zZ]|[A-Z]{2,4}|[+-]\d\d(:?\d\d)?|[A-Z][A-Za-z_]+/[A-Za-z_/]+)$"
# The engine takes any number for an offset; on earth they end at 14 hours.
_BEYOND = r"[+-](1[5-9]|[2-9]\d)(:?\d\d)?$"
_NO_SECONDS = r"^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)\s*([zZ]|[+-]\d\d(:?\d\d)?)$"


def is_text(kind: str) -> bool:
    """Whether the engine's type is text."""
    return kind == "VARCHAR"


def cleaned(expression: str, kind: str) -> str:
    """Trim a text; an empty one is null.

    Trimming looks at every character, so only those texts are trimmed that may need it: a tenth of the cost.
    """
    if not is_text(kind):
        return expression
    x = expression
    may_need_it = f"starts_with({x}, ' ') or ends_with({x}, ' ') or strlen({x}) <> length({x})"
    return f"case when {may_need_it} then nullif(trim({x}), '') else nullif({x}, '') end"


def typed(column: Column, expression: str, kind: str, options: ReadOptions, zone: str) -> str:
    """Give the SQL of a value in the contract's type; `kind` is the engine's type of `expression`, a cleaned value.

    Times without an offset are read in `zone`: one that a spring change skips moves forward by the hour that is
    skipped, one that an autumn change repeats is taken for the second.
    """
    if column.type == "list":
        return _list(expression, kind)
    if column.type == "json":
        return _json(expression, kind)
    native = _native(column, expression, kind, zone)
    if native is not None:
        return native
    text = expression if is_text(kind) else as_text(expression, kind)
    return _from_text(column, text, options, zone)


def as_text(expression: str, kind: str) -> str:
    """Write a value as text; a whole number that came as a float loses its `.0`, as references often do."""
    if kind in _FLOATS:
        whole = f"{expression} = trunc({expression}) and abs({expression}) < 1e15"
        reference = f"cast(cast({expression} as bigint) as varchar)"
        return f"case when {whole} then {reference} else cast({expression} as varchar) end"
    if kind == "BLOB":
        # Bytes that are no UTF-8 are shown by their codes.
        return f"nullif(trim(coalesce(try(decode({expression})), cast({expression} as varchar))), '')"
    return f"nullif(trim(cast({expression} as varchar)), '')"


def _native(column: Column, x: str, kind: str, zone: str) -> str | None:
    """Convert a typed value without going through text, where that is exact."""
    is_whole, is_number = kind in _INTEGERS, kind in _INTEGERS | _FLOATS or kind.startswith("DECIMAL")
    if column.type == "decimal" and is_number:
        return f"try_cast({x} as {column.sql_type})"
    if column.type == "integer" and is_number:
        return (
            f"try_cast({x} as bigint)" if is_whole else f"case when {x} = trunc({x}) then try_cast({x} as bigint) end"
        )
    if column.type == "boolean" and kind == "BOOLEAN":
        return x
    if column.type == "boolean" and is_number:
        return f"case {x} when 1 then true when 0 then false end"
    if column.type in ("timestamp", "date"):
        return _native_time(column.type, x, kind, zone)
    return None


def _native_time(wanted: str, x: str, kind: str, zone: str) -> str | None:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return x if wanted == "timestamp" else f"cast(timezone({literal(zone)}, {x}) as date)"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        day = f"try_cast({x} as date)"
        return day if wanted == "date" else f"timezone({literal(zone)}, try_cast({x} as timestamp))"
    return None


def _from_text(column: Column, x: str, options: ReadOptions, zone: str) -> str:
    if column.type == "decimal":
        return f"try_cast({_number(x, options)} as {column.sql_type})"
    if column.type == "integer":
        return _whole_number(_number(x, options))
    if column.type == "boolean":
        return f"case when lower({x}) in {_in(_TRUE)} then true when lower({x}) in {_in(_FALSE)} then false end"
    if column.type == "date":
        return _date(x, options)
    if column.type == "timestamp":
        return _timestamp(x, options, zone)
    return x


def _whole_number(x: str) -> str:
    """Read a whole number: as a float, which costs a tenth, where that holds every digit of it."""
    quick, wide = f"try_cast({x} as double)", f"try_cast({x} as decimal(28, 8))"
    careful = f"case when {wide} = trunc({wide}) then try_cast({wide} as bigint) end"
    return f"case when {quick} = trunc({quick}) and abs({quick}) < 1e15 then cast({quick} as bigint) else {careful} end"


def _number(x: str, options: ReadOptions) -> str:
    return f"replace(replace({x}, '.', ''), ',', '.')" if options.decimal == "," else x


def _date(x: str, options: ReadOptions) -> str:
    if options.date_format:
        return f"coalesce(cast(try_strptime({x}, {literal(options.date_format)}) as date), try_cast({x} as date))"
    return f"try_cast({x} as date)"


def _timestamp(x: str, options: ReadOptions, zone: str) -> str:
    local = f"timezone({literal(zone)}, try_cast({x} as timestamp))"
    if options.timestamp_format:
        local = f"coalesce(timezone({literal(zone)}, try_strptime({x}, {literal(options.timestamp_format)})), {local})"
    # A text no longer than a second has no offset; asking its length first spares most rows the search.
    has_offset = f"length({x}) > 19 and regexp_matches({x}, {literal(_OFFSET)})"
    short_offset = f"length({x}) <= 19 and length({x}) > 16 and regexp_matches({x}, {literal(_OFFSET)})"
    # The engine wants seconds before an offset.
    with_seconds = f"regexp_replace({x}, {literal(_NO_SECONDS)}, '\\1:00\\2')"
    exact = f"coalesce(try_cast({x} as timestamptz), try_cast({with_seconds} as timestamptz))"
    earthly = f"case when not regexp_matches({x}, {literal(_BEYOND)}) then {exact} end"
    # So is the one form of most exports, YYYY-MM-DDTHH:MM:SSZ.
    common = f"length({x}) = 20 and ends_with({x}, 'Z') then coalesce(try_cast({x} as timestamptz), {earthly})"
    return f"case when {common} when {has_offset} or {short_offset} then {earthly} else {local} end"


def _list(x: str, kind: str) -> str:
    if kind.endswith("[]"):
        return f"[trim(cast(e as varchar)) for e in {x} if e is not null]"
    text = f"cast({x} as varchar)" if kind == "JSON" else x if is_text(kind) else as_text(x, kind)
    parts = f"[trim(e) for e in string_split({text}, '|') if trim(e) <> '']"
    is_array = f"starts_with({text}, '[') and json_valid({text})"
    array = f"[trim(e) for e in from_json({text}, '[\"VARCHAR\"]') if e is not null]"
    return f"case when {is_array} then {array} else {parts} end"


def _json(x: str, kind: str) -> str:
    if kind.startswith(("STRUCT", "MAP")):
        return f"cast(to_json({x}) as json)"
    text = f"cast({x} as varchar)" if kind == "JSON" else x if is_text(kind) else as_text(x, kind)
    return f"case when json_valid({text}) then case when json_type({text}) = 'OBJECT' then cast({text} as json) end end"


def coded(column: Column, expression: str, names: Mapping[str, str]) -> str:
    """Give the SQL of a code: the company's own `names` first, then the list's codes; null where neither knows."""
    values = known_values(column)
    mapped = "".join(f"when {literal(fold(own))} then {literal(code)} " for own, code in names.items())
    folded = f"lower(translate({expression}, ' -', '__'))"
    if not values:
        return (
            f"case {folded} {mapped}else {_formed(column.code_list, expression)} end"
            if mapped
            else _formed(column.code_list, expression)
        )
    is_upper = all(value.isupper() for value in values)
    code = f"upper({expression})" if is_upper else folded
    known = f"case when {code} in {_in(values)} then {code} end"
    otherwise = f"case {folded} {mapped}else {known} end" if mapped else known
    # Most rows carry the code itself; asking for it first spares them the folding. The company may call one code by
    # the name of another.
    renamed = {fold(own) for own in names}
    direct = tuple(value for value in values if fold(value) not in renamed)
    return f"case when {expression} in {_in(direct)} then {expression} else {otherwise} end" if direct else otherwise


def known_values(column: Column) -> tuple[str, ...]:
    """List the codes that a column may have; none where it has no list of them."""
    return column.values or (column.code_list.values if column.code_list else ())


def _formed(code_list: CodeList | None, x: str) -> str:
    """Keep a code whose form or zone is known."""
    if code_list is None:
        return x
    if code_list.zones:
        return f"case when {x} in (select zone.name from pg_timezone_names() as zone) then {x} end"
    tag = f"replace({x}, '_', '-')"
    return f"case when regexp_full_match({tag}, {literal(re.sub(r'[$^]', '', code_list.pattern or ''))}) then {tag} end"


def _in(values: tuple[str, ...]) -> str:
    return f"({', '.join(literal(value) for value in values)})"
