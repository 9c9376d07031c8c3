"""Parts of the main job: what a run left undone, and what chosen tables bring with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import dagster as dg

from dagster_project.defs.retention import COMPANY_TAG
from dagster_project.settings import StellaError

DAY_TAG = "stella/day"
# Dagster forgets which assets of a job a run in process was for. The point keeps the tag out of its pages.
PART_TAG = ".stella/part"
# What a run writes of its own accord; nobody asks for it by name.
_ROOMS_OF_A_RUN = ("landing", "raw", "quarantine", "published", "outbox")
_CHECKED, _ERROR = dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.AssetCheckSeverity.ERROR


def unfinished(
    instance: dg.DagsterInstance, company: str, day: str, planned: Iterable[dg.AssetKey]
) -> list[dg.AssetKey]:
    """Name what the company's last run was to make and did not, and the tables that its blocking checks stopped at.

    Args:
        instance: where Dagster keeps its runs.
        company: whose run.
        day: the day for which is to be scored and decided; see `DAY_TAG`.
        planned: what the whole job makes.

    Raises:
        StellaError: there is no run to take up: none was made, the last one came to its end, or was for another day.
    """
    runs = instance.get_runs(dg.RunsFilter(tags={COMPANY_TAG: company}), limit=1)
    if not runs:
        raise StellaError(f"No run of {company} is on record. Run `stella run`.")
    (run,) = runs
    if run.tags.get(DAY_TAG) != day:
        raise StellaError(
            "The last run was for another day; a part of it and a part of today do not fit. `stella run`."
        )
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.dagster_event]
    made = {event.asset_key for event in events if event.is_step_materialization}
    answers = [e.asset_check_evaluation_data for e in events if e.event_type is _CHECKED]
    refused = {a.asset_key for a in answers if a.blocking and not a.passed and a.severity is _ERROR}
    part = json.loads(run.tags[PART_TAG]) if PART_TAG in run.tags else None
    chosen = planned if part is None else map(dg.AssetKey.from_user_string, part)
    left = sorted(set(chosen) - (made - refused), key=dg.AssetKey.to_user_string)
    if not left:
        raise StellaError("The last run came to its end; there is nothing to take up. `stella run` makes a new one.")
    return left


def part_of(keys: Iterable[dg.AssetKey]) -> str:
    """Write down which assets a run is for; see `PART_TAG`."""
    return json.dumps(sorted(key.to_user_string() for key in keys))


def with_downstream(job: dg.JobDefinition, named: Sequence[str]) -> list[dg.AssetKey]:
    """Find the tables that are named (table, schema.table, or a whole schema), and all that draws on them.

    Raises:
        StellaError: nothing has that name, or it is one that only a whole run writes.
    """
    graph = job.asset_layer.asset_graph
    planned = job.asset_layer.selected_asset_keys
    found = {key for name in named for key in _named(name, planned)}
    waiting = list(found)
    while waiting:
        for child in graph.get(waiting.pop()).child_keys & planned - found:
            found.add(child)
            waiting.append(child)
    return sorted(found, key=dg.AssetKey.to_user_string)


def _named(name: str, planned: Iterable[dg.AssetKey]) -> list[dg.AssetKey]:
    keys = [key for key in planned if key.path[0] not in _ROOMS_OF_A_RUN]
    wanted = name.lower().replace("/", ".")
    found = [key for key in keys if wanted in (".".join(key.path), key.path[0], key.path[-1])]
    if not found:
        names = {part for key in keys for part in (".".join(key.path), key.path[0], key.path[-1])}
        near = get_close_matches(wanted, sorted(names), n=3)
        raise StellaError(
            f"--select {name}: no table has that name. "
            + (f"Did you mean {', '.join(near)}?" if near else "Name a table, schema.table, or a schema such as marts.")
        )
    return found
