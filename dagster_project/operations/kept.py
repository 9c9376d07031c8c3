"""Which tables a daily run leaves as they are: those of which nothing that they draw on has changed since the last run.

Read from the models' own SQL: what a model draws on, and whether it asks for the day. A table is left alone where the
feeds behind it have no new row and the day does not matter to it; what the steps of Python write counts as changed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import duckdb

from dagster_project.database import tables
from dagster_project.operations.dbt import table_of
from dagster_project.operations.upkeep import OF_THE_RUN

_OF_THE_DAY = OF_THE_RUN - {"loaded_after", "asks_written"}
_KEEPS_FORMER = "keep_former"


def kept(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], known_to: datetime, models: Collection[str]
) -> set[str]:
    """Name those of the models and seeds (unique ids) that need not be built again.

    Args:
        connection: the open warehouse, its feeds loaded.
        manifest: dbt's, as `manifest.json` has it.
        known_to: the moment up to which every table knows the rows of `raw`.
        models: what is asked about.
    """
    news = _feeds_with_news(connection, known_to)
    of_the_day = _words_of_the_day(manifest)
    answers: dict[str, bool] = {}

    def is_changed(unique_id: str) -> bool:
        if unique_id not in answers:
            answers[unique_id] = _is_changed(unique_id)
        return answers[unique_id]

    def _is_changed(unique_id: str) -> bool:
        if unique_id.startswith("source."):
            source = manifest["sources"][unique_id]
            return source["schema"] != "raw" or source["identifier"] in news
        node = manifest["nodes"][unique_id]
        if node["resource_type"] == "seed":
            # Another seed is another fingerprint: then all is built whole.
            return False
        said = node["raw_code"] + " ".join(hook["sql"] for hook in node["config"].get("pre-hook", []))
        if of_the_day.search(said) or _KEEPS_FORMER in said:
            return True
        return any(is_changed(parent) for parent in node["depends_on"]["nodes"])

    there = {schema: set(tables(connection, schema)) for schema in {manifest["nodes"][m]["schema"] for m in models}}
    return {
        name for name in models if table_of(manifest["nodes"][name]) in there[manifest["nodes"][name]["schema"]]
        and not is_changed(name)
    }  # fmt: skip


def _feeds_with_news(connection: duckdb.DuckDBPyConnection, known_to: datetime) -> set[str]:
    """Name the tables of `raw` with a row that was loaded later; its lists of loads and files always have one."""
    found = set()
    for feed in tables(connection, "raw"):
        newer = f'select 1 from raw."{feed}" where _loaded_at > ? limit 1'
        if feed.startswith("_") or connection.execute(newer, [known_to]).fetchone():
            found.add(feed)
    return found


def _words_of_the_day(manifest: Mapping[str, Any]) -> re.Pattern[str]:
    """Give what a model that depends on the day says: a variable of the day, or a macro that leads to one."""
    texts = {m["name"]: m["macro_sql"] for m in manifest["macros"].values() if m["package_name"] == "stella"}
    words = set(_OF_THE_DAY)
    while True:
        pattern = re.compile(rf"\b({'|'.join(sorted(words))})\b")
        more = {name for name, text in texts.items() if pattern.search(text)} - words
        if not more:
            return pattern
        words |= more
