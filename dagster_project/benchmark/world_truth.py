"""What contacts of a simulated world truly earn, by the world's own formula.

Belongs here: reading a world's truth, which the grader may and no step of the pipeline does. Does not belong here: what
was decided, how it is judged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dagster_project.settings import StellaError
from sources.companies.demo import effect
from sources.companies.demo.codes import CHANNEL
from sources.companies.demo.profile import Profile
from sources.companies.demo.scene import Scene
from sources.companies.demo.simulation import set_scene

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
MOST_UNKNOWN = 0.05
"""Share of records that dirt may explain."""
_SPAN = 1 << 22
_HOUR, _HALF_AN_HOUR = 3600, 1800


@dataclass(frozen=True)
class World:
    """A simulated world as it stood when it was written.

    `records` has source_system, customer_ref, person_id; `is_active` tells by person who still buys; `sent` holds
    person x span + day of every contact made, sorted.
    """

    scene: Scene
    records: pd.DataFrame
    is_active: NDArray[np.bool_]
    sent: Ints

    def day(self, day: date) -> int:
        """Count the days from the world's first."""
        return (day - self.scene.profile.start).days


def read_world(truth: Path) -> World:
    """Draw the world of a truth folder again, and read who left and who was contacted.

    Raises:
        StellaError: the folder holds no simulated world.
    """
    try:
        content = json.loads((truth / "world.json").read_text(encoding="utf-8"))
        profile, until = Profile.model_validate(content["profile"]), date.fromisoformat(content["until"])
    except (OSError, ValueError, KeyError) as fault:
        raise StellaError(
            f"{truth}: no truth of a simulated world ({type(fault).__name__}); only simulated companies can be graded."
        ) from None
    scene, _ = set_scene(profile, until)
    with duckdb.connect() as reader:
        records, persons, sent = (
            reader.execute(query, [str(truth / f"{name}.parquet")]).df()
            for name, query in (
                ("person_record", "select source_system, customer_ref, person_id from read_parquet(?)"),
                ("person", "select person_id, is_active from read_parquet(?)"),
                ("campaign_contact", "select person_id, day from read_parquet(?) where not is_control"),
            )
        )
    is_active = np.zeros(len(scene.persons), dtype=bool)
    is_active[persons["person_id"].to_numpy(np.int64)] = persons["is_active"].to_numpy(bool)
    return World(scene, records, is_active, np.sort(_key(sent["person_id"], sent["day"])))


def true_profit(world: World, contacts: pd.DataFrame, *, together: bool) -> Reals:
    """Give the true expected profit of each contact, home currency.

    Args:
        world: the world.
        contacts: source_system, customer_ref, campaign_ref, channel_code, day (from the world's first), hour.
        together: whether all of them are made, so that earlier ones tire for later ones; else each is made alone.
    """
    person, code, channel, is_known = _who_and_what(world, contacts)
    day = contacts["day"].to_numpy(np.int64)
    sent = np.sort(np.append(world.sent, _key(person, day))) if together else world.sent
    key = _key(person, day)
    recent = np.searchsorted(sent, key) - np.searchsorted(sent, key - effect.RECENT_DAYS, side="right")
    second = contacts["hour"].to_numpy(np.int64) * _HOUR + _HALF_AN_HOUR
    change = effect.delta(world.scene, person, code, channel, day, second, np.maximum(recent, 0))
    profit = effect.expected_profit(world.scene, person, code, channel, change, world.is_active[person])
    # A record that the world does not know is dirt of its feeds: a contact costs and reaches nobody.
    return np.where(is_known, profit, -world.scene.campaigns.unit_cost_home[code, channel])


def _who_and_what(world: World, contacts: pd.DataFrame) -> tuple[Ints, Ints, Ints, NDArray[np.bool_]]:
    keys = pd.MultiIndex.from_frame(contacts[["source_system", "customer_ref"]])
    known = pd.MultiIndex.from_frame(world.records[["source_system", "customer_ref"]])
    place = known.get_indexer(keys)
    refs = pd.Index(world.scene.campaigns.ref.to_pylist())
    code: Ints = refs.get_indexer(contacts["campaign_ref"].astype(str)).astype(np.int64)
    if (place < 0).mean() > MOST_UNKNOWN or (code < 0).any():
        raise StellaError("The decisions name customers or campaigns that this world does not have: not its own run?")
    person = world.records["person_id"].to_numpy(np.int64)[np.maximum(place, 0)]
    channel = np.asarray(contacts["channel_code"].map(CHANNEL), dtype=np.int64)
    return person, code, channel, np.asarray(place >= 0, dtype=bool)


def _key(person: Ints | pd.Series[int], day: Ints | pd.Series[int]) -> Ints:
    return np.asarray(person, dtype=np.int64) * _SPAN + np.asarray(day, dtype=np.int64)
