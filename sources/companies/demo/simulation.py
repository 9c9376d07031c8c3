"""The simulation as a whole: reads a profile, lets the world live, writes landing feeds and truth.

Belongs here: `simulate` and the order in which parts are called and written. Does not belong here: any draw.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from sources.companies.demo.ahead import DaysAhead, forget
from sources.companies.demo.baskets import lay_out
from sources.companies.demo.calibration import calibrate
from sources.companies.demo.catalogue import draw_places, draw_products, list_campaigns
from sources.companies.demo.chance import Chance
from sources.companies.demo.chunk import Plan, live
from sources.companies.demo.devices import devices
from sources.companies.demo.feed_shapes import FEEDS
from sources.companies.demo.landing import Landing
from sources.companies.demo.lists import list_feeds
from sources.companies.demo.loyalty import loyalty
from sources.companies.demo.market import draw_market
from sources.companies.demo.model import Life
from sources.companies.demo.network import network, remember
from sources.companies.demo.outside import outside
from sources.companies.demo.plan_profit import lost_on_strays, plan_profit
from sources.companies.demo.population import draw_persons
from sources.companies.demo.posts import Echo
from sources.companies.demo.profile import Profile, ProfileError, load_profile
from sources.companies.demo.sales import sales
from sources.companies.demo.scene import Parts, Scene
from sources.companies.demo.service import service
from sources.companies.demo.strays import returned
from sources.companies.demo.touchpoints import touchpoints
from sources.companies.demo.truth import chunk_truth, world_truth
from sources.companies.demo.truth_files import TruthFiles
from sources.companies.demo.web import web

ChunkPart = Callable[[Scene, Life], Parts]
Played = tuple[Parts, Echo]

CHUNK_PARTS: tuple[ChunkPart, ...] = (web, service, touchpoints, loyalty, sales, devices)
"""Parts of a customer's further life; each reads what the core says and changes nothing of it."""


def simulate(
    profile: Profile | str | Path,
    landing: Path,
    truth: Path,
    until: date | None = None,
    *,
    by_day: bool = False,
    since: date | None = None,
    ahead: int = 0,
    threads: int = 1,
) -> dict[str, int]:
    """Let the world of a profile live and write its feeds and its truth.

    Args:
        profile: a profile, its name beside this package (`world`, `plain`, `scale`), or the path of a YAML file.
        landing: folder of the feeds: one folder a feed.
        truth: folder of the truth, one Parquet file a table, written anew.
        until: day after the last one played; the profile's end if not given.
        by_day: one file a feed and day instead of one a feed.
        since: only rows that are delivered from this day on, in files of their own; earlier ones are there already.
        ahead: days that are played beyond `until` and kept beside the truth, so that `advance` can tell them at once.
        threads: chunks played at once; makes no difference to what is written.

    Returns:
        number of rows written, by feed.

    Raises:
        ProfileError: the profile is wrong, or the days lie outside of its world.
    """
    known = profile if isinstance(profile, Profile) else load_profile(profile)
    telling = Telling(landing, truth, by_day=by_day, ahead=ahead, threads=threads)
    return run(known, telling, until or known.end, since=since)


@dataclass(frozen=True)
class Telling:
    """Where and how a world is told; see `simulate`."""

    landing: Path
    truth: Path
    by_day: bool = False
    ahead: int = 0
    threads: int = 1


def run(
    profile: Profile, telling: Telling, until: date, *, since: date | None = None, plan: Plan | None = None
) -> dict[str, int]:
    """Do what `simulate` does, with a plan carried out."""
    last = day_of_world(profile, until)
    first = 0 if since is None else day_of_world(profile, since)
    played = min(last + telling.ahead, profile.horizon)
    scene, planted = set_scene(profile, profile.start + timedelta(days=played))
    rows = dict.fromkeys(FEEDS, 0)
    truth = telling.truth
    truth.mkdir(parents=True, exist_ok=True)
    with DaysAhead(truth, last, played) if played > last else nullcontext() as later:
        if later is None:
            forget(truth)
        with (
            TruthFiles(truth, last, later) as facts,
            Landing(telling.landing, scene, first, last, by_day=telling.by_day, ahead=later) as feeds,
        ):
            for parts in _whole_world(scene, planted, plan, telling.threads):
                for feed, tables in parts.feeds.items():
                    rows[feed] += sum(feeds.add(feed, table) for table in tables)
                for name, tables in parts.truth.items():
                    for table in tables:
                        facts.add(name, table)
            facts.add("fault", feeds.faults())
    write_world(truth, profile, until)
    return rows


def _whole_world(scene: Scene, planted: dict[str, pa.Array], plan: Plan | None, threads: int) -> Iterator[Parts]:
    """Give all that happens: what is the same for all, each chunk's life, the networks between them."""
    shelf = lay_out(scene)
    yield Parts(
        {feed: [table] for feed, table in list_feeds(scene).items()},
        {name: [table] for name, table in world_truth(scene, shelf).items()},
    )
    yield outside(scene)
    if plan is not None and plan.strays is not None:
        yield returned(scene, plan.strays)
        yield Parts({}, {"plan_profit": [lost_on_strays(scene, plan.strays)]})

    def play(bounds: tuple[int, int]) -> Played:
        life = live(scene, shelf, *bounds, plan)
        parts = Parts({feed: [table] for feed, table in life.feeds.items()}, {})
        parts.add(Parts({}, {name: [table] for name, table in chunk_truth(scene, life, planted).items()}))
        for part in CHUNK_PARTS:
            parts.add(part(scene, life))
        if plan is not None:
            parts.add(Parts({}, {"plan_profit": [plan_profit(scene, life, live(scene, shelf, *bounds))]}))
        return parts, remember(scene, life)

    echoes = []
    for parts, echo in _in_order(play, chunks(scene), threads):
        yield parts
        echoes.append(echo)
    yield network(scene, echoes)


def set_scene(profile: Profile, until: date) -> tuple[Scene, dict[str, pa.Array]]:
    """Draw what is the same for every chunk; give it with what was planted among the persons."""
    chance = Chance(profile.seed)
    campaigns = list_campaigns(profile)
    persons, planted = draw_persons(profile, chance, campaigns)
    scene = Scene(
        profile=profile,
        chance=chance,
        market=draw_market(profile, chance),
        products=draw_products(profile, chance),
        places=draw_places(profile, chance),
        campaigns=campaigns,
        persons=persons,
        until=day_of_world(profile, until),
    )
    return calibrate(scene), planted


def chunks(scene: Scene) -> list[tuple[int, int]]:
    """Cut the persons into chunks of about `chunk_persons`; a household stays together."""
    household, count = scene.persons.household, len(scene.persons)
    wanted = np.arange(scene.profile.chunk_persons, count, scene.profile.chunk_persons)
    edges = np.unique(np.searchsorted(household, household[wanted], side="left"))
    bounds = [0, *[int(edge) for edge in edges if 0 < edge < count], count]
    return list(pairwise(bounds))


def day_of_world(profile: Profile, when: date) -> int:
    """Give the number of a day.

    Raises:
        ProfileError: it lies outside of the world.
    """
    day = (when - profile.start).days
    if not 0 <= day <= profile.horizon:
        raise ProfileError(
            f"{when} lies outside of the world {profile.name}: it begins on {profile.start} and ends "
            f"{profile.horizon_days} days after {profile.end}."
        )
    return day


def _in_order(
    play: Callable[[tuple[int, int]], Played], bounds: list[tuple[int, int]], threads: int
) -> Iterator[Played]:
    """Play chunks, at most `threads` at once, and give them in their order."""
    if threads <= 1:
        yield from map(play, bounds)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting = [pool.submit(play, bound) for bound in bounds[:threads]]
        for bound in bounds[threads:]:
            yield waiting.pop(0).result()
            waiting.append(pool.submit(play, bound))
        for future in waiting:
            yield future.result()


def write_world(truth: Path, profile: Profile, until: date) -> None:
    """Write down beside the truth which world it is and up to which day it has been told."""
    content = {"until": until.isoformat(), "profile": profile.model_dump(mode="json")}
    (truth / "world.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
