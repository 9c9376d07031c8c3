"""Worlds for the tests of a customer's further life: played once, in memory, each test reads them.

Worlds are small, so rates are compared within a few standard errors of what so many draws allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sources.companies.demo import load_profile
from sources.companies.demo.baskets import lay_out
from sources.companies.demo.chunk import live
from sources.companies.demo.devices import devices
from sources.companies.demo.loyalty import loyalty
from sources.companies.demo.model import Life
from sources.companies.demo.network import network, remember
from sources.companies.demo.outside import outside
from sources.companies.demo.sales import sales
from sources.companies.demo.scene import Parts, Scene
from sources.companies.demo.service import service
from sources.companies.demo.simulation import chunks, set_scene
from sources.companies.demo.touchpoints import touchpoints
from sources.companies.demo.web import web

PARTS = (web, service, touchpoints, loyalty, sales, devices)


@dataclass(frozen=True)
class World:
    """A played world: the scene, the core's lives, the other parts' feeds and truth as data frames."""

    scene: Scene
    lives: tuple[Life, ...]
    feeds: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]


def play(until: int | None = None, **overrides: Any) -> World:
    """Play the default world with some keys changed (dots as double underscores)."""
    profile = load_profile("world", **overrides)
    end = profile.end if until is None else profile.start + pd.Timedelta(days=until).to_pytimedelta()
    scene, _ = set_scene(profile, end)
    shelf = lay_out(scene)
    everything, lives, echoes = Parts(), [], []
    for lo, hi in chunks(scene):
        life = live(scene, shelf, lo, hi)
        for part in PARTS:
            everything.add(part(scene, life))
        lives.append(life)
        echoes.append(remember(scene, life))
    everything.add(network(scene, echoes))
    everything.add(outside(scene))
    return World(scene, tuple(lives), _frames(everything.feeds), _frames(everything.truth))


@cache
def default_world() -> World:
    """Give the default world with 1,500 persons."""
    return play(population__persons=1500)


def assert_rate(hits: Any, rate: float, sigmas: float = 4.0) -> None:
    """Hold a share of independent draws against the rate that they were drawn with."""
    flags = np.asarray(hits, dtype=float)
    assert len(flags) > 30, "too few draws to judge"
    error = np.sqrt(max(rate * (1 - rate), 1e-4) / len(flags))
    assert abs(flags.mean() - rate) < sigmas * error, f"{flags.mean():.4f} of {len(flags)} instead of {rate}"


def _frames(tables: dict[str, list[pa.Table]]) -> dict[str, pd.DataFrame]:
    return {name: pa.concat_tables(parts, promote_options="permissive").to_pandas() for name, parts in tables.items()}
