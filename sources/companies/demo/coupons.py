"""Coupon codes passed along follows: who used a code tells followers, some of whom tell theirs.

Belongs here: the spread of a code over the network. Does not belong here: its use in an order (the core).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.companies.demo.codes import Ints
from sources.companies.demo.follows import Accounts, Follows
from sources.companies.demo.moments import seconds_played
from sources.companies.demo.posts import Echo
from sources.companies.demo.rows import grow
from sources.companies.demo.scene import Scene


@dataclass(frozen=True)
class Passings:
    """Codes told, one row a telling, by depth, then time.

    Attributes:
        account: row in Accounts of who tells. campaign: code. at: seconds since day 0. depth: 0 for who used it.
        heard_from: row in Passings of the telling that he heard, -1 for who used it.
    """

    account: Ints
    campaign: Ints
    at: Ints
    depth: Ints
    heard_from: Ints

    def __len__(self) -> int:
        return len(self.account)


def draw_passings(scene: Scene, accounts: Accounts, follows: Follows, echo: Echo, epoch: int) -> Passings:
    """Spread the codes that customers used, along follows that were there, to the profile's depth.

    Nobody tells a code twice: the first time counts, however he came to know it. So tellings are listed again and
    again, each list made of the one before, until nothing changes; what comes of it up to a moment does not hang on
    what comes after.
    """
    users = _users(scene, accounts, echo, epoch)
    order = np.argsort(follows.followed, kind="stable")
    edges = Follows(follows.follower[order], follows.followed[order], follows.at[order], follows.ends[order])
    known = users
    while True:
        heard = _told(scene, accounts, edges, known)
        both = Passings(*(np.concatenate([getattr(p, name) for p in (users, heard)]) for name in _COLUMNS))
        fresh = _first_tellings(scene, accounts, known, both)
        if len(fresh) == len(known) and all(
            np.array_equal(getattr(fresh, name), getattr(known, name)) for name in _COLUMNS
        ):
            return fresh
        known = fresh


_COLUMNS = tuple(Passings.__annotations__)


def _told(scene: Scene, accounts: Accounts, edges: Follows, known: Passings) -> Passings:
    """Let followers hear each telling, and some of them tell it in turn; edges are sorted by who is followed."""
    network, chance = scene.profile.network, scene.chance
    start = np.searchsorted(edges.followed, known.account)
    stop = np.searchsorted(edges.followed, known.account, side="right")
    parent, place = grow(np.where(known.depth < network.coupon_depth, stop - start, 0))
    edge = start[parent] + place
    listener, code, depth = edges.follower[edge], known.campaign[parent], known.depth[parent] + 1
    passes = chance.flag(network.coupon_share, "coupon.pass", accounts.number[listener], code, depth)
    there = (edges.at[edge] <= known.at[parent]) & (edges.ends[edge] > known.at[parent])
    wait = network.coupon_days * 86_400 * chance.exponential("coupon.wait", accounts.number[listener], code)
    when = known.at[parent] + wait.astype(np.int64) + 60
    row = np.flatnonzero(passes & there & (when < seconds_played(scene)))
    return Passings(listener[row], code[row], when[row], depth[row], parent[row])


def _first_tellings(scene: Scene, accounts: Accounts, known: Passings, told: Passings) -> Passings:
    """Keep the first telling of each account and code, by depth, then time, and point again to where it was heard."""
    pair = _pairs(scene, told.account, told.campaign)
    source = np.where(told.heard_from >= 0, accounts.number[known.account[np.maximum(told.heard_from, 0)]], -1)
    order = np.lexsort((source, told.depth, told.at, pair))
    first = order[np.r_[True, pair[order][1:] != pair[order][:-1]]] if len(order) else order
    first = first[np.lexsort((source[first], pair[first], told.at[first], told.depth[first]))]
    kept = _pairs(scene, told.account[first], told.campaign[first])
    heard = np.where(
        told.heard_from[first] >= 0, _pairs(scene, known.account, known.campaign)[told.heard_from[first]], -1
    )
    by_pair = np.argsort(kept, kind="stable")
    place = by_pair[np.minimum(np.searchsorted(kept, heard, sorter=by_pair), max(len(kept) - 1, 0))]
    columns = (told.account[first], told.campaign[first], told.at[first], told.depth[first])
    return Passings(*columns, np.where(heard >= 0, place, -1))


def _users(scene: Scene, accounts: Accounts, echo: Echo, epoch: int) -> Passings:
    """Give those who used a code, have an account by then, and tell: once for each person and code, the first time."""
    network, chance = scene.profile.network, scene.chance
    row = np.flatnonzero(echo.campaign >= 0)
    at = echo.at[row] - epoch + 3600
    account = np.searchsorted(accounts.number, echo.person[row])
    account = np.minimum(account, max(len(accounts) - 1, 0))
    has = accounts.number[account] == echo.person[row] if len(accounts) else np.zeros(len(row), dtype=np.bool_)
    open_ = has & (accounts.created[account] * 86_400 <= at) & (at < seconds_played(scene)) & (at >= 0)
    tells = chance.flag(network.coupon_share, "coupon.tells", echo.person[row], echo.campaign[row])
    chosen = np.flatnonzero(open_ & tells)
    chosen = chosen[np.argsort(at[chosen], kind="stable")]
    _, first = np.unique(_pairs(scene, account[chosen], echo.campaign[row[chosen]]), return_index=True)
    chosen = chosen[np.sort(first)]
    account, campaign = account[chosen], echo.campaign[row[chosen]].astype(np.int64)
    return Passings(account, campaign, at[chosen], np.zeros_like(account), np.full_like(account, -1))


def _pairs(scene: Scene, account: Ints, campaign: Ints) -> Ints:
    return account * (len(scene.campaigns.ref) + 1) + campaign
