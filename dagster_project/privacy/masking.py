"""Free text without what is personal in it: masked by its form, and by what is known of persons.

Belongs here: the masking of texts, in SQL over whole columns. The forms are in `masks.yml`, with their examples; what
is known of persons in `known_persons.py`. Which columns are masked is decided by their description; see
`publishing.privacy`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from dagster_project.privacy.key import PseudonymKey
from dagster_project.privacy.known_persons import FOUND, WORD, bring_found, install_fold, kept_handles

MASKED = "masked_text"
"""Temporary table: `value`, and `masked`, what it is published as; a text that stays as it is has no row."""
Column = tuple[str, str, str]
"""Schema, table, column."""

_APART = "\ue000"
"""Keeps the findings of one rule from the next; a letter of no script."""
_YOUNGEST = 10
"""A date of so many years ago, or more, may be a customer's birthday; later ones are what texts speak of."""


@dataclass(frozen=True)
class Rule:
    """One form of what is personal; `masks.yml` says what its parts mean."""

    pattern: str
    replacement: str
    sign: str | None
    masked: tuple[str, ...]
    left: tuple[str, ...]


def mask_texts(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], as_of: date, key: PseudonymKey | None = None
) -> set[Column]:
    """Fill `masked_text` for the texts of some columns, each text once; return the columns that have any of them.

    Args:
        connection: the open warehouse.
        columns: those of text.
        as_of: the day of the run: dates long before it may be birthdays.
        key: with which the tombstones were made; without it the names of erased persons are not looked for.
    """
    if not columns:
        return set()
    install_fold(connection)
    _bring_texts(connection, columns, as_of)
    bring_found(connection, key)
    connection.execute(_REBUILT)
    found = connection.execute(f"select distinct number from masking_said where value in (select value from {MASKED})")
    numbers = {number for (number,) in found.fetchall()}
    connection.execute("drop table masking_text; drop table masking_said")
    return {column for number, column in enumerate(columns) if number in numbers}


def _bring_texts(connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], as_of: date) -> None:
    """Fill `masking_said`, the different texts of each column, and `masking_text`, each text once.

    The latter has `value`; `text`, which is the value masked by its form; and its `words`, folded.
    """
    said = " union all ".join(
        f'select distinct "{column}" as value, {number} as number from {schema}."{table}"'
        for number, (schema, table, column) in enumerate(columns)
    )
    connection.execute(f"create or replace temp table masking_said as {said}")
    connection.execute(
        "create or replace temp table masking_text as select value, text, words_of(text) as words"
        f" from ({by_form('(select distinct value from masking_said)', as_of, kept_handles(connection))}) as masked"
    )


# The words of what was found make way for one mask; what stands between the other words stays.
_REBUILT = f"""
create or replace temp table {MASKED} as
with covered as (
    select text_id, place, min(mask) as mask
    from (select text_id, unnest(range(place, place + length)) as place, mask from {FOUND}) as found
    group by text_id, place
),
split as (
    select rowid as text_id, regexp_extract_all(text, '{WORD}') as words, regexp_split_to_array(text, '{WORD}') as gaps
    from masking_text
    where rowid in (select text_id from covered)
),
placed as (
    select text_id, words, gaps, unnest(range(1, len(words) + 1)) as place from split
),
word as (
    select placed.*, covered.mask,
        lag(covered.mask) over (partition by placed.text_id order by placed.place) as mask_before
    from placed left join covered on covered.text_id = placed.text_id and covered.place = placed.place
),
rebuilt as (
    select text_id,
        string_agg(
            case when mask is null or mask_before is null
                then gaps[place] || coalesce('[' || mask || ']', words[place]) else '' end,
            '' order by place
        ) || any_value(gaps[-1]) as text
    from word
    group by text_id
),
final as (
    select said.value, replace(coalesce(rebuilt.text, said.text), '{_APART}', '') as masked
    from masking_text as said left join rebuilt on rebuilt.text_id = said.rowid
)
select value, masked from final where masked <> value"""


def by_form(relation: str, as_of: date, kept: Sequence[str] = ()) -> str:
    """Write the query of the `value`s of a relation with their `text`, masked by its form.

    `kept` are the handles of the company and of its competitors, which name no person.
    """
    signs = ", ".join(f"regexp_matches(value, {_literal(p)}) as has_{name}" for name, p in _said()["signs"].items())
    query = f"select value, value as text, {signs} from {relation} as said where value is not null"
    for rule in rules(as_of):
        if kept and rule.replacement == "[handle]":
            names = "|".join(sorted(kept, key=lambda name: (-len(name), name)))
            query = _replacing(query, f"(?i)@({names})\\b", f"@{_APART}\\1", rule.sign)
        query = _replacing(query, rule.pattern, rule.replacement, rule.sign)
    return query


def _replacing(query: str, pattern: str, replacement: str, sign: str | None) -> str:
    replaced = f"regexp_replace(text, {_literal(pattern)}, {_literal(replacement)}, 'g')"
    text = f"case when has_{sign} then {replaced} else text end" if sign else replaced
    return f"select * replace ({text} as text) from ({query}) as said"


@cache
def rules(as_of: date) -> tuple[Rule, ...]:
    """Read the forms, for the day of a run."""
    recent = {year % 100 for year in range(as_of.year - _YOUNGEST + 1, as_of.year + 2)}
    fill = {
        **_said()["fill"],
        "years": "|".join(str(year) for year in range(1900, as_of.year - _YOUNGEST + 1)),
        "short_years": "|".join(f"{year:02}" for year in range(100) if year not in recent),
    }
    return tuple(_rule(rule, fill) for rule in _said()["rules"])


def _rule(said: Mapping[str, Any], fill: Mapping[str, str]) -> Rule:
    pattern = said["pattern"] if isinstance(said["pattern"], str) else "|".join(said["pattern"])
    for name, text in fill.items():
        pattern = pattern.replace(f"{{{name}}}", text)
    replacement = said.get("keeps", "<mask>").replace("<mask>", f"[{said.get('mask')}]")
    return Rule(pattern, replacement, said.get("sign"), tuple(said.get("masked", ())), tuple(said.get("left", ())))


@cache
def _said() -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "masks.yml").read_text(encoding="utf-8"))
    return said


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
