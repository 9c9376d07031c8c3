"""Renders dbt's macros as DuckDB would get them, without starting dbt.

Belongs here: the stand-ins for what dbt puts into a template. The macros themselves are in `dbt/macros`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import jinja2

from dagster_project.settings import REPOSITORY

Render = Callable[..., str]
VARIABLES = {"home_currency": "EUR", "time_zone": "Europe/Rome", "week_start": "monday", "as_of_date": "2026-01-01"}


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


def load_macros(**variables: object) -> Mapping[str, Render]:
    """Load every macro of the project, with the variables over those of `VARIABLES`."""
    known = VARIABLES | variables
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    macros: dict[str, Any] = {}
    environment.globals.update(
        adapter=_Adapter(macros),
        var=lambda name, default=None: known.get(name, default),
        run_started_at=datetime(2026, 1, 1, tzinfo=UTC),
        **{"return": _return},
    )
    texts = [file.read_text("utf-8") for file in sorted((REPOSITORY / "dbt" / "macros").rglob("*.sql"))]
    # A template sees the globals of the moment at which it is loaded, so every name is there before the first one is.
    for name in re.findall(r"{% *macro (\w+)", "".join(texts)):
        environment.globals[name] = lambda *given, _name=name, **named: macros[_name](*given, **named)
    for text in texts:
        module = environment.from_string(text).make_module()
        macros |= {name: _Macro(body) for name, body in vars(module).items() if isinstance(body, jinja2.runtime.Macro)}
    return macros
