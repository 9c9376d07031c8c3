"""Going on from the day at which a world has stopped, with or without a contact plan.

Belongs here: telling further days, from what was played ahead where that reaches, else by playing the world again.
Does not belong here: what a plan may say (`plans`), the play itself (`simulation`).
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from sources.companies.demo.ahead import Kept, forget, kept_ahead
from sources.companies.demo.chance import Chance
from sources.companies.demo.feed_shapes import FEEDS
from sources.companies.demo.landing import open_writer
from sources.companies.demo.plans import PlanError, earlier_plans, keep_plan, last_day, read_plan, resolve
from sources.companies.demo.profile import Profile
from sources.companies.demo.scene import Setting
from sources.companies.demo.simulation import Telling, day_of_world, run, set_scene, write_world
from sources.companies.demo.truth_files import TruthFiles


def respond(
    plan: pa.Table | Path,
    landing: Path,
    truth: Path,
    until: date | None = None,
    *,
    by_day: bool = False,
    ahead: int = 0,
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
        ahead: days that are played beyond `until`, as in `simulate`.
        threads: chunks played at once; makes no difference to what is written.

    Returns:
        number of rows appended, by feed.

    Raises:
        PlanError: the plan names what the world does not have, or a day that is over.
    """
    profile, since = stopped_at(truth)
    table = read_plan(plan, profile, since)
    end = until or _windows_over(profile, table, since)
    end = max(end, since + timedelta(days=1))
    telling = Telling(landing, truth, by_day=by_day, ahead=ahead, threads=threads)
    rows = _play_on(profile, telling, since, end, [*earlier_plans(truth), table])
    keep_plan(truth, table)
    return rows


def advance(
    landing: Path, truth: Path, until: date, *, by_day: bool = False, ahead: int = 0, threads: int = 1
) -> dict[str, int]:
    """Let a world that was simulated before live on to a later day; the files that are there stay as they are.

    Days that were played ahead are only written down: what that costs is what they hold, and the truth read and
    written once. Beyond these the world is played again from its beginning, with the plans carried out so far.

    Args:
        landing: folder of the feeds, as `simulate` wrote it.
        truth: folder of the truth, as `simulate` wrote it; afterwards it is the truth as of `until`.
        until: day after the last one told.
        by_day: one file a feed and day instead of one a feed.
        ahead: days to play beyond `until` where the world must be played again.
        threads: chunks played at once.

    Returns:
        number of rows appended, by feed; none where the world has come as far already.

    Raises:
        PlanError: there is no such world.
        ProfileError: the day lies beyond its horizon.
    """
    profile, since = stopped_at(truth)
    first, last = day_of_world(profile, since), day_of_world(profile, until)
    if last <= first:
        return dict.fromkeys(FEEDS, 0)
    kept = kept_ahead(truth)
    if kept is not None and kept.first <= first and last <= kept.until:
        rows = _tell(kept, Setting(profile, Chance(profile.seed), last), landing, truth, first, by_day=by_day)
        write_world(truth, profile, until)
        return rows
    telling = Telling(landing, truth, by_day=by_day, ahead=ahead, threads=threads)
    return _play_on(profile, telling, since, until, earlier_plans(truth))


def stopped_at(truth: Path) -> tuple[Profile, date]:
    """Read which world was simulated and where it stopped.

    Raises:
        PlanError: there is none.
    """
    path = truth / "world.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Profile.model_validate(content["profile"]), date.fromisoformat(content["until"])
    except (OSError, ValueError, KeyError) as fault:
        raise PlanError(f"{path}: no simulated world ({type(fault).__name__}); simulate one first.") from None


def _windows_over(profile: Profile, plan: pa.Table, since: date) -> date:
    """Give the day on which the response windows of a plan are over."""
    last = last_day(profile, plan)
    sent = since if last is None else profile.start + timedelta(days=last)
    return sent + timedelta(days=profile.contacts.window_days + 1)


def _play_on(profile: Profile, telling: Telling, since: date, until: date, plans: list[pa.Table]) -> dict[str, int]:
    """Play the world again with all plans, and tell the days from `since` on."""
    plan = None
    if plans:
        scene, _ = set_scene(profile, until)
        plan = resolve(scene, pa.concat_tables(plans))
    forget(telling.truth)
    return run(profile, telling, until, since=since, plan=plan)


def _tell(kept: Kept, setting: Setting, landing: Path, truth: Path, first: int, *, by_day: bool) -> dict[str, int]:
    """Write down days that were played ahead, and what is true after them."""
    rows = dict.fromkeys(FEEDS, 0)
    with TruthFiles(truth, setting.until) as facts:
        with open_writer(landing, setting, first, setting.until, by_day=by_day) as writer:
            for feed in FEEDS:
                table = kept.rows(feed, first, setting.until)
                if table is not None:
                    writer.add(feed, table)
                    rows[feed] = table.num_rows
        for name, table in kept.truth():
            facts.add(name, table)
    return rows
