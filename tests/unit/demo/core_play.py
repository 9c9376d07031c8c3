"""Worlds for the tests of the demo's core: played in memory, without the further parts and without files."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from sources.companies.demo import load_profile
from sources.companies.demo.baskets import Shelf, lay_out
from sources.companies.demo.chunk import Plan, live
from sources.companies.demo.model import Life
from sources.companies.demo.scene import Scene
from sources.companies.demo.simulation import set_scene
from sources.companies.demo.truth import chunk_truth


class Played(NamedTuple):
    scene: Scene
    shelf: Shelf
    planted: dict[str, pa.Array]
    life: Life
    truth: dict[str, pa.Table]


def play(profile: str = "world", plan: Plan | None = None, **overrides: Any) -> Played:
    """Play one chunk of everybody until the profile's end."""
    world = load_profile(profile, **overrides)
    scene, planted = set_scene(world, world.end)
    shelf = lay_out(scene)
    life = live(scene, shelf, 0, len(scene.persons), plan)
    return Played(scene, shelf, planted, life, chunk_truth(scene, life, planted))


def query(sql: str, **tables: pa.Table) -> list[tuple[Any, ...]]:
    """Ask the tables in SQL."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.execute(sql).fetchall()


@cache
def default_world(customers: int = 5000) -> Played:
    """Give the default world, played once a session."""
    return play(customers=customers)
