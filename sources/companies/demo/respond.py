"""Carrying out a contact plan: time goes on, and the landing feeds tell what came of it.

Belongs here: reading a plan, finding out who is meant, remembering earlier plans. Does not belong here: what a contact
does (`contacts`).
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sources.companies.demo.chunk import Plan
from sources.companies.demo.model import CHANNEL, SYSTEM
from sources.companies.demo.profile import Profile, ProfileError
from sources.companies.demo.records import draw_records
from sources.companies.demo.rows import place_in_group
from sources.companies.demo.scene import Scene
from sources.companies.demo.simulation import chunks, run, set_scene

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


class PlanError(ProfileError):
    """A plan that the simulated world cannot carry out."""


def respond(
    plan: pa.Table | Path,
    landing: Path,
    truth: Path,
    until: date | None = None,
    *,
    by_day: bool = False,
    threads: int = 1,
) -> dict[str, int]:
    """Carry out a plan in a world that was simulated before: append to the landing feeds what follows.

    The world lives on from the day at which it had stopped: sends, deliveries, responses, orders, opt-outs and
    complaints that come of the plan, and everything else that happens in that time. Earlier plans are kept in
    `truth/plans` and stay in force. Chance is coupled: another plan in the same world meets the same persons with
    the same luck.

    Args:
        plan: one row a contact, as a table or a CSV or Parquet file: source_system, customer_ref, campaign_ref, channel
            (or channel_code), day (or planned_on), and, if given, hour (or planned_hour; 10 if not), is_control,
            plan_ref. More columns are ignored: the offer is the campaign's own.
        landing: folder of the feeds, as `simulate` wrote it; new files are put beside the old ones.
        truth: folder of the truth, as `simulate` wrote it; written anew up to `until`.
        until: day after the last one played; by default the response windows of the plan are over by then.
        by_day: one file a feed and day instead of one a feed.
        threads: chunks played at once; makes no difference to what is written.

    Returns:
        number of rows appended, by feed.

    Raises:
        PlanError: the plan names what the world does not have, or a day that is over.
    """
    profile, since = _world(truth)
    table = _tidy(_read(plan))
    first = (since - profile.start).days
    _check_days(table, profile, since)
    folder = truth / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    earlier = sorted(folder.glob("*.parquet"))
    whole = pa.concat_tables([*(pq.read_table(path) for path in earlier), table])
    last = _last_day(profile, table, first)
    end = until or profile.start + timedelta(days=last + profile.contacts.window_days + 1)
    end = max(end, since + timedelta(days=1))
    scene, _ = set_scene(profile, end)
    resolved = _resolve(scene, whole)
    rows = run(profile, landing, truth, end, by_day=by_day, since=since, threads=threads, plan=resolved)
    pq.write_table(table, folder / f"{len(earlier):04d}.parquet")
    return rows


def _world(truth: Path) -> tuple[Profile, date]:
    """Read which world was simulated and where it stopped."""
    path = truth / "world.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Profile.model_validate(content["profile"]), date.fromisoformat(content["until"])
    except (OSError, ValueError, KeyError) as fault:
        raise PlanError(f"{path}: no simulated world ({type(fault).__name__}); simulate one first.") from None


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


def _last_day(profile: Profile, table: pa.Table, first: int) -> int:
    return int(_days(profile, table).max()) if table.num_rows else first


def _check_days(table: pa.Table, profile: Profile, since: date) -> None:
    days = _days(profile, table)
    if table.num_rows and int(days.min()) < (since - profile.start).days:
        raise PlanError(
            f"Plan: {int((days < (since - profile.start).days).sum())} contacts before {since}, which are over."
        )
    if table.num_rows and int(days.max()) >= profile.horizon:
        raise PlanError(f"Plan: contacts beyond the world's horizon, {profile.horizon_days} days after {profile.end}.")


def _resolve(scene: Scene, table: pa.Table) -> Plan:
    """Find persons, campaigns and channels by their references."""
    person = _persons(scene, table)
    campaign = _codes(table.column("campaign_ref"), scene.campaigns.ref, "campaign")
    channel = _codes(table.column("channel"), pa.array(list(CHANNEL), pa.string()), "channel")
    day = _days(scene.profile, table)
    hour = table.column("hour").to_numpy().astype(np.int64)
    order = np.lexsort((campaign, person, hour, day))
    person, campaign, channel, day, hour = (c[order] for c in (person, campaign, channel, day, hour))
    pair = person * 4096 + campaign
    by_pair = np.argsort(pair, kind="stable")
    attempt = np.zeros(len(pair), dtype=np.int64)
    attempt[by_pair] = 1 + place_in_group(pair[by_pair])
    minute = scene.chance.integers(60, "plan.minute", person, campaign, attempt) if len(pair) else attempt
    return Plan(
        person=person,
        campaign=campaign,
        channel=channel,
        day=day,
        second=np.clip(hour, 0, 23) * 3600 + minute * 60,
        is_control=table.column("is_control").to_numpy()[order].astype(bool),
        attempt=np.minimum(attempt, _MOST_ATTEMPTS),
        plan_ref=table.column("plan_ref").to_numpy()[order].astype(object),
    )


def _persons(scene: Scene, table: pa.Table) -> Ints:
    """Find whose records are meant, chunk by chunk."""
    system = table.column("source_system").combine_chunks()
    wanted = pc.binary_join_element_wise(system, table.column("customer_ref").combine_chunks(), "\x1f")
    person = np.full(table.num_rows, -1, dtype=np.int64)
    systems = pa.array(list(SYSTEM), pa.string())
    for lo, hi in chunks(scene):
        records = draw_records(scene, lo, hi)
        known = pc.binary_join_element_wise(systems.take(pa.array(records.system)), records.ref, "\x1f")
        place = pc.fill_null(pc.index_in(wanted, known), -1).to_numpy(zero_copy_only=False)
        person = np.where(place >= 0, records.person[np.maximum(place, 0)], person)
    if (person < 0).any():
        raise PlanError(f"Plan, row {int(np.argmax(person < 0)) + 1}: {int((person < 0).sum())} unknown customers.")
    return person


def _codes(values: pa.ChunkedArray, known: pa.Array, what: str) -> Ints:
    place = pc.index_in(values.combine_chunks(), known)
    if place.null_count:
        stranger = values.combine_chunks().filter(pc.is_null(place))[0].as_py()
        raise PlanError(f"Plan: unknown {what} {stranger}.")
    return np.asarray(place.to_numpy(zero_copy_only=False).astype(np.int64))
