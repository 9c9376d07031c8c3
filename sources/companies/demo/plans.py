"""Contact plans as a world takes them: columns, days, and who is meant.

Belongs here: reading a plan, finding persons and campaigns by their references, remembering earlier plans. Does not
belong here: carrying them out (`continuing`), what a contact does (`contacts`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sources.companies.demo.chunk import Plan
from sources.companies.demo.codes import CHANNEL, SYSTEM
from sources.companies.demo.profile import Profile, ProfileError
from sources.companies.demo.records import RECORDS_A_PERSON, draw_records
from sources.companies.demo.rows import place_in_group
from sources.companies.demo.scene import Scene
from sources.companies.demo.simulation import chunks
from sources.companies.demo.strays import Strays

Ints = NDArray[np.int64]

_NAMES = {
    "source_system": ("source_system",),
    "customer_ref": ("customer_ref",),
    "campaign_ref": ("campaign_ref",),
    "channel": ("channel", "channel_code"),
    "day": ("day", "planned_on"),
    "hour": ("hour", "planned_hour"),
    "is_control": ("is_control",),
    "plan_ref": ("plan_ref",),
}
_MAY_LACK = {"hour": 10, "is_control": False, "plan_ref": ""}
_MOST_ATTEMPTS = 63
_PLANS = "plans"


class PlanError(ProfileError):
    """A plan that the simulated world cannot carry out."""


def read_plan(plan: pa.Table | Path, profile: Profile, since: date) -> pa.Table:
    """Read a plan and bring its columns to their names and types.

    Raises:
        PlanError: a column is missing or of the wrong type, or a day is over or beyond the horizon.
    """
    table = _tidy(_read(plan))
    _check_days(table, profile, since)
    return table


def earlier_plans(truth: Path) -> list[pa.Table]:
    """Give the plans that were carried out in a world, in their order."""
    return [pq.read_table(path) for path in sorted((truth / _PLANS).glob("*.parquet"))]


def keep_plan(truth: Path, table: pa.Table) -> None:
    """Keep a plan that has been carried out; it stays in force."""
    folder = truth / _PLANS
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / f"{len(list(folder.glob('*.parquet'))):04d}.parquet")


def last_day(profile: Profile, table: pa.Table) -> int | None:
    """Give the last day of a plan, None where it is empty."""
    return int(_days(profile, table).max()) if table.num_rows else None


def _read(plan: pa.Table | Path) -> pa.Table:
    if isinstance(plan, pa.Table):
        return plan
    try:
        if plan.suffix == ".parquet":
            return pq.read_table(plan)
        return pa_csv.read_csv(plan, convert_options=_AS_TEXT)
    except (OSError, pa.ArrowException) as fault:
        raise PlanError(f"Plan {plan}: cannot be read ({fault}).") from None


_AS_TEXT = pa_csv.ConvertOptions(column_types={"customer_ref": pa.string(), "plan_ref": pa.string()})


def _tidy(plan: pa.Table) -> pa.Table:
    """Bring the columns to their names and types."""
    columns = {}
    for name, aliases in _NAMES.items():
        found = next((alias for alias in aliases if alias in plan.column_names), None)
        if found is None and name not in _MAY_LACK:
            raise PlanError(f"Plan: no column {' or '.join(aliases)}; it has {', '.join(plan.column_names)}.")
        kind = {"day": pa.date32(), "hour": pa.int64(), "is_control": pa.bool_()}.get(name, pa.string())
        values = pa.array([_MAY_LACK[name]] * plan.num_rows, kind) if found is None else plan.column(found)
        try:
            columns[name] = pc.cast(values, kind)
        except pa.ArrowException as fault:
            raise PlanError(f"Plan, column {found}: {fault}.") from None
        if columns[name].null_count and name not in _MAY_LACK:
            raise PlanError(f"Plan, column {found}: {columns[name].null_count} empty values.")
        columns[name] = (
            pc.fill_null(columns[name], pa.scalar(_MAY_LACK.get(name), kind)) if name in _MAY_LACK else columns[name]
        )
    return pa.table(columns)


def _days(profile: Profile, table: pa.Table) -> Ints:
    start = np.datetime64(profile.start, "D").astype(np.int64)
    return np.asarray(table.column("day").cast(pa.int32()).to_numpy().astype(np.int64) - start)


def _check_days(table: pa.Table, profile: Profile, since: date) -> None:
    days = _days(profile, table)
    if table.num_rows and int(days.min()) < (since - profile.start).days:
        raise PlanError(
            f"Plan: {int((days < (since - profile.start).days).sum())} contacts before {since}, which are over."
        )
    if table.num_rows and int(days.max()) >= profile.horizon:
        raise PlanError(f"Plan: contacts beyond the world's horizon, {profile.horizon_days} days after {profile.end}.")


def resolve(scene: Scene, table: pa.Table) -> Plan:
    """Find records, campaigns and channels by their references; references that no record has are kept as strays.

    Raises:
        PlanError: the plan names a campaign or channel that the world does not have, or no customer whom it has.
    """
    record = _records(scene, table)
    campaign = _codes(table.column("campaign_ref"), scene.campaigns.ref, "campaign")
    channel = _codes(table.column("channel"), pa.array(list(CHANNEL), pa.string()), "channel")
    if table.num_rows and (record < 0).all():
        raise PlanError(f"Plan: unknown customers, all {table.num_rows}; none of its references is this world's.")
    stray, known = np.flatnonzero(record < 0), np.flatnonzero(record >= 0)
    person, day = record // RECORDS_A_PERSON, _days(scene.profile, table)
    hour = table.column("hour").to_numpy().astype(np.int64)
    order = known[np.lexsort((record[known], campaign[known], person[known], hour[known], day[known]))]
    person, campaign_of = person[order], campaign[order]
    pair = person * 4096 + campaign_of
    by_pair = np.argsort(pair, kind="stable")
    attempt = np.zeros(len(pair), dtype=np.int64)
    attempt[by_pair] = 1 + place_in_group(pair[by_pair])
    minute = scene.chance.integers(60, "plan.minute", person, campaign_of, attempt) if len(pair) else attempt
    return Plan(
        person=person,
        record=record[order],
        campaign=campaign_of,
        channel=channel[order],
        day=day[order],
        second=np.clip(hour[order], 0, 23) * 3600 + minute * 60,
        is_control=table.column("is_control").to_numpy()[order].astype(bool),
        attempt=np.minimum(attempt, _MOST_ATTEMPTS),
        plan_ref=table.column("plan_ref").to_numpy()[order].astype(object),
        strays=_strays(table.take(pa.array(stray)), campaign[stray], channel[stray], day[stray]),
    )


def _strays(table: pa.Table, campaign: Ints, channel: Ints, day: Ints) -> Strays | None:
    if table.num_rows == 0:
        return None
    texts = {name: table.column(name).combine_chunks() for name in ("source_system", "customer_ref", "plan_ref")}
    second = np.clip(table.column("hour").to_numpy().astype(np.int64), 0, 23) * 3600
    controls = table.column("is_control").to_numpy().astype(bool)
    return Strays(campaign=campaign, channel=channel, day=day, second=second, is_control=controls, **texts)


def _records(scene: Scene, table: pa.Table) -> Ints:
    """Find the numbers of the records that are meant, chunk by chunk; -1 where no record has the reference."""
    system = table.column("source_system").combine_chunks()
    wanted = pc.binary_join_element_wise(system, table.column("customer_ref").combine_chunks(), "\x1f")
    record = np.full(table.num_rows, -1, dtype=np.int64)
    systems = pa.array(list(SYSTEM), pa.string())
    for lo, hi in chunks(scene):
        records = draw_records(scene, lo, hi)
        known = pc.binary_join_element_wise(systems.take(pa.array(records.system)), records.ref, "\x1f")
        place = pc.fill_null(pc.index_in(wanted, known), -1).to_numpy(zero_copy_only=False)
        record = np.where(place >= 0, records.record[np.maximum(place, 0)], record)
    return record


def _codes(values: pa.ChunkedArray, known: pa.Array, what: str) -> Ints:
    place = pc.index_in(values.combine_chunks(), known)
    if place.null_count:
        stranger = values.combine_chunks().filter(pc.is_null(place))[0].as_py()
        raise PlanError(f"Plan: unknown {what} {stranger}.")
    return np.asarray(place.to_numpy(zero_copy_only=False).astype(np.int64))
