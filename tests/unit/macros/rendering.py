"""Renders dbt's macros and models as DuckDB would get them, without starting dbt.

Belongs here: the stand-ins for what dbt puts into a template. The SQL itself is in `dbt/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jinja2

from dagster_project.settings import REPOSITORY

Render = Callable[..., str]
VARIABLES = {"home_currency": "EUR", "time_zone": "Europe/Rome", "week_start": "monday", "as_of_date": "2026-01-01",
             "consent_purpose": "marketing", "trusted_source_systems": []}  # fmt: skip


class _Returned(Exception):  # noqa: N818 - dbt's return() leaves a macro by raising
    def __init__(self, value: object) -> None:
        self.value = value


def _return(value: object) -> None:
    raise _Returned(value)


class _Macro:
    def __init__(self, body: Callable[..., object]) -> None:
        self.body = body

    def __call__(self, *arguments: object, **named: object) -> Any:
        try:
            return self.body(*arguments, **named)
        except _Returned as returned:
            return returned.value


class _Adapter:
    def __init__(self, macros: Mapping[str, _Macro]) -> None:
        self.macros = macros

    def dispatch(self, name: str) -> _Macro:
        return self.macros.get(f"duckdb__{name}") or self.macros[f"default__{name}"]


@lru_cache
def render_model(name: str) -> str:
    """Give the query of a model; what it refers to is a relation of the same name, a source `schema_table`."""
    path = next((REPOSITORY / "dbt" / "models").rglob(f"{name}.sql"))
    environment = _environment({})
    environment.globals.update(
        load_macros(), ref=lambda model: model, source=lambda schema, table: f"{schema}_{table}", config=lambda **_: ""
    )
    return environment.from_string(path.read_text("utf-8")).render()


def load_macros(**variables: object) -> Mapping[str, Render]:
    """Load every macro of the project, with the variables over those of `VARIABLES`."""
    macros: dict[str, Any] = {}
    environment = _environment(macros, **variables)
    texts = [file.read_text("utf-8") for file in sorted((REPOSITORY / "dbt" / "macros").rglob("*.sql"))]
    # A template sees the globals of the moment at which it is loaded, so every name is there before the first one is.
    for name in re.findall(r"{% *macro (\w+)", "".join(texts)):
        environment.globals[name] = lambda *given, _name=name, **named: macros[_name](*given, **named)
    # Each by itself, as dbt has them: a macro that called another of its file directly would leave both by a return().
    for text in re.findall(r"{%-? *macro .*?{%-? *endmacro *-?%}", "".join(texts), re.DOTALL):
        module = environment.from_string(text).make_module()
        macros |= {name: _Macro(body) for name, body in vars(module).items() if isinstance(body, jinja2.runtime.Macro)}
    return macros


def _environment(macros: Mapping[str, Any], **variables: object) -> jinja2.Environment:
    known = VARIABLES | variables
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    environment.globals.update(
        adapter=_Adapter(macros),
        var=lambda name, default=None: known.get(name, default),
        run_started_at=datetime(2026, 1, 1, tzinfo=UTC),
        **{"return": _return},
    )
    return environment
