"""Who follows whom: a graph grown by preferential attachment within and between communities.

Belongs here: accounts as nodes and follows as edges. Does not belong here: posts (`posts`), rows of feeds (`network`).

An edge copies the target of an earlier edge with the profile's probability, else it takes any account that is there by
then. Copying an edge chosen evenly is choosing a target in proportion to its followers (Price 1976; Krapivsky and
Redner 2001). An edge depends only on those before it, so the day at which one stops changes nothing before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.companies.demo.accounts import has_account, platform_of
from sources.companies.demo.codes import Flags, Ints
from sources.companies.demo.moments import seconds_played
from sources.companies.demo.rows import grow
from sources.companies.demo.scene import Scene

_EARLIEST = -1500
"""Day before which no account was opened."""


@dataclass(frozen=True)
class Accounts:
    """Accounts of people, sorted by number.

    Attributes:
        number: the person's; strangers go on after the last person.
        platform: code in the profile's platforms. community: 0.., numbered platform by platform. created: day.
        communities: number of communities on each platform.
    """

    number: Ints
    platform: Ints
    community: Ints
    created: Ints
    is_person: Flags
    communities: Ints

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True)
class Follows:
    """Follows between accounts, by time: rows in Accounts, seconds since day 0, and until when (or never)."""

    follower: Ints
    followed: Ints
    at: Ints
    ends: Ints


NEVER_ENDS = 2**50


def draw_accounts(scene: Scene) -> Accounts:
    """Draw the accounts of persons and of strangers; those created after the end of play are among them."""
    network, chance = scene.profile.network, scene.chance
    people = np.arange(len(scene.persons))
    own = people[has_account(scene, people)]
    strange = len(people) + np.arange(round(network.strangers_per_account * len(own)))
    number = np.r_[own, strange]
    is_person = np.arange(len(number)) < len(own)
    platform = platform_of(scene, number)
    kin = np.where(is_person, scene.persons.household[np.minimum(number, len(people) - 1)], number)
    per_platform = np.bincount(platform, minlength=len(network.platforms))
    communities = np.maximum(1, np.round(per_platform / network.community_size)).astype(np.int64)
    community = (np.cumsum(communities) - communities)[platform]
    community = community + chance.integers(communities[platform], "network.community", kin, is_person)
    arrived = scene.persons.arrived[np.minimum(number, len(people) - 1)]
    span = np.where(is_person, np.maximum(arrived, 0) - _EARLIEST, scene.profile.horizon - _EARLIEST)
    created = _EARLIEST + chance.integers(span + 1, "network.created", number)
    return Accounts(number, platform, community, created, is_person, communities)


def draw_follows(scene: Scene, accounts: Accounts) -> Follows:
    """Grow the graph up to the end of play."""
    network, chance = scene.profile.network, scene.chance
    rate = 1.0 / (1.0 + network.follows_mean)
    count = np.floor(np.log(chance.uniform("follow.count", accounts.number)) / np.log1p(-min(rate, 0.999999)))
    follower, place = grow(count.astype(np.int64))
    number = accounts.number[follower]
    wait = network.follow_days * chance.exponential("follow.wait", number, place)
    at = ((accounts.created[follower] + wait) * 86_400).astype(np.int64)
    order = np.lexsort((place, number, at))
    order = order[at[order] < seconds_played(scene)]
    follower, place, at, number = follower[order], place[order], at[order], number[order]
    followed = _targets(scene, accounts, follower, place, at)
    fits = (followed >= 0) & (followed != follower) & _first_of_pair(follower, followed)
    life = chance.exponential("follow.end", number, place) * 365.25 * 86_400 / max(network.unfollow_per_year, 1e-12)
    ends = np.minimum(at + np.minimum(life, NEVER_ENDS), NEVER_ENDS).astype(np.int64)
    return Follows(follower[fits], followed[fits], at[fits], ends[fits])


def _targets(scene: Scene, accounts: Accounts, follower: Ints, place: Ints, at: Ints) -> Ints:
    """Choose whom each edge leads to; edges are in order of time."""
    network, chance = scene.profile.network, scene.chance
    number, home = accounts.number[follower], accounts.community[follower]
    goal, between = _goal(scene, accounts, home, number, place)
    copies = chance.flag(network.copied_share, "follow.copied", number, place)
    mark = chance.uniform("follow.target", number, place)
    within = np.flatnonzero(~between)
    within = within[np.argsort(home[within], kind="stable")]  # by community, then time
    starts = np.searchsorted(home[within], goal)
    earlier = _rank(home[within], within, goal, np.arange(len(follower))) - starts
    copied = np.full(len(follower), -1, dtype=np.int64)
    can = copies & (earlier > 0)
    copied[can] = within[starts[can] + np.floor(mark[can] * earlier[can]).astype(np.int64)]
    members = np.lexsort((accounts.created, accounts.community))
    first = np.searchsorted(accounts.community[members], goal)
    there = _rank(accounts.community[members], accounts.created[members] * 86_400, goal, at) - first
    fresh = ~can & (there > 0)
    target = np.full(len(follower), -1, dtype=np.int64)
    target[fresh] = members[first[fresh] + np.floor(mark[fresh] * there[fresh]).astype(np.int64)]
    return _resolve(target, copied)


def _goal(scene: Scene, accounts: Accounts, home: Ints, number: Ints, place: Ints) -> tuple[Ints, Flags]:
    """Give the community that each edge leads into, and whether it is another one (of the same platform)."""
    platform = np.repeat(np.arange(len(accounts.communities)), accounts.communities)
    first = (np.cumsum(accounts.communities) - accounts.communities)[platform]
    size = accounts.communities[platform]
    leaves = scene.chance.flag(scene.profile.network.between_share, "follow.between", number, place) & (size[home] > 1)
    step = 1 + scene.chance.integers(np.maximum(size[home] - 1, 1), "follow.community", number, place)
    other = first[home] + (home - first[home] + step) % size[home]
    return np.where(leaves, other, home), leaves


def _rank(groups: Ints, stamps: Ints, group: Ints, stamp: Ints) -> Ints:
    """Count the rows of sorted (groups, stamps) that come before (group, stamp)."""
    low = int(min(stamps.min(initial=0), stamp.min(initial=0)))
    width = int(max(stamps.max(initial=0), stamp.max(initial=0))) - low + 2
    return np.searchsorted(groups * width + stamps - low, group * width + stamp - low)


def _resolve(target: Ints, copied: Ints) -> Ints:
    """Follow copies to the edge that they copy in the end, doubling the stride each time."""
    source = np.where(copied >= 0, copied, np.arange(len(target)))
    while True:
        further = source[source]
        if np.array_equal(further, source):
            return np.asarray(target[source])
        source = further


def _first_of_pair(follower: Ints, followed: Ints) -> Flags:
    """Mark the first edge of each pair."""
    _, first = np.unique(follower * (int(followed.max(initial=0)) + 2) + followed + 1, return_index=True)
    answer = np.zeros(len(follower), dtype=np.bool_)
    answer[first] = True
    return answer
