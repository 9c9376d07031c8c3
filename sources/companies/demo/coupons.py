"""Coupon codes passed along follows: who used a code tells followers, some of whom tell theirs.

Belongs here: the spread of a code over the network. Does not belong here: its use in an order (the core).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.companies.demo.follows import Accounts, Follows
from sources.companies.demo.model import Ints
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
    """Spread the codes that customers used, along follows that were there, to the profile's depth."""
    network, chance = scene.profile.network, scene.chance
    account, campaign, at = _users(scene, accounts, echo, epoch)
    levels = [Passings(account, campaign, at, np.zeros_like(account), np.full_like(account, -1))]
    order = np.argsort(follows.followed, kind="stable")
    followed = follows.followed[order]
    seen = _pairs(scene, account, campaign)
    told = 0
    for depth in range(1, network.coupon_depth + 1):
        last = levels[-1]
        start, stop = np.searchsorted(followed, last.account), np.searchsorted(followed, last.account, side="right")
        parent, place = grow(stop - start)
        edge = order[start[parent] + place]
        listener, code = follows.follower[edge], last.campaign[parent]
        passes = chance.flag(network.coupon_share, "coupon.pass", accounts.number[listener], code, depth)
        knows = (follows.at[edge] <= last.at[parent]) & (follows.ends[edge] > last.at[parent])
        wait = network.coupon_days * 86_400 * chance.exponential("coupon.wait", accounts.number[listener], code)
        when = last.at[parent] + wait.astype(np.int64) + 60
        pair = _pairs(scene, listener, code)
        row = np.flatnonzero(passes & knows & (when < scene.until * 86_400) & ~np.isin(pair, seen))
        row = row[np.lexsort((accounts.number[last.account[parent[row]]], when[row]))]
        row = row[np.sort(np.unique(pair[row], return_index=True)[1])]
        if len(row) == 0:
            break
        levels.append(Passings(listener[row], code[row], when[row], np.full(len(row), depth), told + parent[row]))
        told += len(last)
        seen = np.union1d(seen, pair[row])
    return Passings(*(np.concatenate([getattr(level, name) for level in levels]) for name in Passings.__annotations__))


def _users(scene: Scene, accounts: Accounts, echo: Echo, epoch: int) -> tuple[Ints, Ints, Ints]:
    """Give those who used a code, have an account by then, and tell: once for each person and code, the first time."""
    network, chance = scene.profile.network, scene.chance
    row = np.flatnonzero(echo.campaign >= 0)
    at = echo.at[row] - epoch + 3600
    account = np.searchsorted(accounts.number, echo.person[row])
    account = np.minimum(account, max(len(accounts) - 1, 0))
    has = accounts.number[account] == echo.person[row] if len(accounts) else np.zeros(len(row), dtype=np.bool_)
    open_ = has & (accounts.created[account] * 86_400 <= at) & (at < scene.until * 86_400) & (at >= 0)
    tells = chance.flag(network.coupon_share, "coupon.tells", echo.person[row], echo.campaign[row])
    chosen = np.flatnonzero(open_ & tells)
    chosen = chosen[np.argsort(at[chosen], kind="stable")]
    _, first = np.unique(_pairs(scene, account[chosen], echo.campaign[row[chosen]]), return_index=True)
    chosen = chosen[np.sort(first)]
    return account[chosen], echo.campaign[row[chosen]].astype(np.int64), at[chosen]


def _pairs(scene: Scene, account: Ints, campaign: Ints) -> Ints:
    return account * (len(scene.campaigns.ref) + 1) + campaign
