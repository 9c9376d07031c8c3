"""The scene on which a chunk's further life is played: all that the core of the world hands to the other parts.

Belongs here: the bundle of inputs and what is made of them, `Parts`. Does not belong here: how any of it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from sources.companies.demo.backdrop import Campaigns, Market, Persons, Places, Products
from sources.companies.demo.chance import Chance
from sources.companies.demo.profile import Profile


@dataclass(frozen=True)
class Setting:
    """What a delivery depends on besides its rows.

    Attributes:
        until: day after the last one played; no row is made of what happens later.
    """

    profile: Profile
    chance: Chance
    until: int


@dataclass(frozen=True)
class Scene(Setting):
    """What is the same for every chunk."""

    market: Market
    products: Products
    places: Places
    campaigns: Campaigns
    persons: Persons


@dataclass
class Parts:
    """Feed tables and truth tables that a part of the world makes of one chunk."""

    feeds: dict[str, list[pa.Table]] = field(default_factory=dict)
    truth: dict[str, list[pa.Table]] = field(default_factory=dict)

    def add(self, other: Parts) -> None:
        """Take over the tables of another part."""
        for mine, theirs in ((self.feeds, other.feeds), (self.truth, other.truth)):
            for name, tables in theirs.items():
                mine.setdefault(name, []).extend(tables)
