"""What dbt puts into every template and sqlfluff does not bring along, so that the models can be linted without dbt.

Only sqlfluff loads this (`library_path` in `.sqlfluff`); nothing of the product imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

_PROJECT = yaml.safe_load((Path(__file__).parent.parent / "dbt_project.yml").read_text("utf-8"))
_SHAPES = {
    "date_series": "(select date_day from calendar where date_day between {0} and {1})",
    "ordered_string_list": "string_agg({0}, '{2}' order by {1})",
    "row_identity": "{0}.rowid",
    "type_string": "text",
    "type_timestamp": "timestamptz",
    "type_double": "double",
}


class Adapter:
    """Stands in for the engine: a macro of it becomes a call of the same name, or the standard form of it."""

    def dispatch(self, name: str) -> Callable[..., str]:
        """Find the macro `name`, whatever the engine."""

        def render(*arguments: object) -> str:
            flat = [str(item) for given in arguments for item in (given if isinstance(given, list) else [given])]
            return _SHAPES[name].format(*flat) if name in _SHAPES else f"{name}({', '.join(flat)})"

        return render


class Modules:
    """Stands in for dbt's `modules`."""

    class pytz:  # noqa: N801 -- the name that templates use
        """Stands in for pytz: lint needs no zone but UTC."""

        @staticmethod
        def timezone(_name: str) -> Any:
            """Give UTC, whatever was asked for."""
            return UTC


def var(name: str, default: object = None) -> object:
    """Give the project's own default of a variable."""
    return _PROJECT["vars"].get(name, default)


adapter = Adapter()
modules = Modules()
run_started_at = datetime(2026, 1, 1, tzinfo=UTC)
