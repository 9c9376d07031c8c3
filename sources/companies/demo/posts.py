"""What accounts do: posts, replies, shares, likes, reviews, mentions, joins; about which topics, in which mood.

Belongs here: acts of accounts. Does not belong here: who follows whom (`follows`), coupon codes passed on (`coupons`),
rows of feeds (`network`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.companies.demo.codes import Ints, Reals
from sources.companies.demo.follows import Accounts
from sources.companies.demo.moments import seconds_played
from sources.companies.demo.profile_network import BEHAVIOURS
from sources.companies.demo.rows import grow
from sources.companies.demo.scene import Scene

KINDS = ("post", "reply", "share", "like", "review", "mention", "join")
KIND = {name: code for code, name in enumerate(KINDS)}
ANSWERS = KIND["reply"], KIND["share"], KIND["like"]
_BLOCK = 28
# what an act of each behaviour is
_KINDS_OF = {
    "creator": ("post",), "conversationalist": ("reply", "reply", "mention"), "critic": ("review", "reply"),
    "collector": ("share", "like"), "joiner": ("join",), "spectator": ("like",), "inactive": ("like",),
}  # fmt: skip
_LOOKS_BACK = 40
"""How many earlier acts of the community an answer may go back to."""


@dataclass(frozen=True)
class Echo:
    """What the network hears of customers with an account: orders by person and time, and coupons used.

    Attributes:
        person, at, satisfaction: of each order. campaign: whose coupon was used, -1 none.
    """

    person: Ints
    at: Ints
    satisfaction: Reals
    campaign: Ints


@dataclass(frozen=True)
class Acts:
    """Acts, one row each, by time: what names it for ever (account's number, behaviour, block and place), and the rest.

    Attributes:
        account: row in Accounts. at: seconds since day 0. kind: code in KINDS. answers: row in Acts, -1 none.
        is_brand: about the company. mood: 1 (angry) to 5 (happy), of what is said. topics: offsets and codes.
    """

    key: Ints
    account: Ints
    at: Ints
    kind: Ints
    answers: Ints
    is_brand: np.ndarray
    mood: Reals
    topic_offsets: Ints
    topic_codes: Ints

    def __len__(self) -> int:
        return len(self.account)


def behaviours(scene: Scene, number: Ints) -> np.ndarray:
    """Tell which behaviours accounts have (accounts x BEHAVIOURS); one with no other is inactive."""
    network = scene.profile.network
    flags = np.column_stack(
        [scene.chance.flag(network.behaviours.get(name, 0.0), f"network.is.{name}", number) for name in BEHAVIOURS[:-1]]
    )
    return np.column_stack([flags, ~flags.any(axis=1)])


def draw_acts(scene: Scene, accounts: Accounts, echo: Echo, epoch: int) -> Acts:
    """Draw all acts from day 0 to the end of play.

    Args:
        scene: the world.
        accounts: who acts.
        echo: what customers have lived through; it makes their mood.
        epoch: instant of the beginning of day 0.
    """
    key, account, kind, at = _moments(scene, accounts)
    order = np.lexsort((key[:, 2], key[:, 1], key[:, 0], at))
    key, account, kind, at = key[order], account[order], kind[order], at[order]
    answers = _answered(scene, accounts, key, account, kind, at)
    own = accounts.is_person[account] & scene.chance.flag(scene.profile.network.brand_share, "act.brand", *key.T)
    is_brand = own | np.isin(kind, (KIND["review"], KIND["mention"], KIND["join"])) & accounts.is_person[account]
    mood = _moods(scene, accounts, echo, epoch, key, account, at, is_brand)
    offsets, codes = _topics(scene, key, at, is_brand)
    return Acts(key, account, at, kind, answers, is_brand, mood, offsets, codes)


def intensity(scene: Scene, day: Reals) -> Reals:
    """Give the weight of each topic on each day (days x topics): born as a logistic, fading exponentially."""
    columns = []
    for topic in scene.profile.network.topics.values():
        age = day - (topic.born - scene.profile.start).days
        growth = 1.0 / (1.0 + np.exp(-np.clip(age / topic.growth_days, -40, 40)))
        fading = 0.5 ** (np.maximum(age, 0) / topic.half_life_days)
        columns.append(topic.intensity * growth * fading)
    return np.column_stack(columns)


def _moments(scene: Scene, accounts: Accounts) -> tuple[Ints, Ints, Ints, Ints]:
    """Draw a Poisson process for each account and behaviour, by blocks of 28 days."""
    chance, network = scene.chance, scene.profile.network
    has = behaviours(scene, accounts.number)
    row, behaviour = np.nonzero(has)
    first = np.maximum(accounts.created[row], 0) // _BLOCK
    last = (seconds_played(scene) - 1) // (_BLOCK * 86_400)
    parent, step = grow(np.maximum(last - first + 1, 0))
    row, behaviour, block = row[parent], behaviour[parent], first[parent] + step
    rates = np.array([network.acts_per_year.get(name, 0.0) for name in BEHAVIOURS]) * _BLOCK / 365.25
    number = accounts.number[row]
    parent, place = grow(chance.poisson(rates[behaviour], "act.count", number, behaviour, block))
    row, behaviour, block, number = row[parent], behaviour[parent], block[parent], number[parent]
    key = np.stack([number, behaviour, block * 256 + place], axis=1)
    at = ((block + chance.uniform("act.at", *key.T)) * _BLOCK * 86_400).astype(np.int64)
    lists = [[KIND[kind] for kind in _KINDS_OF[name]] for name in BEHAVIOURS]
    longest = max(map(len, lists))
    table = np.array([(codes * longest)[:longest] for codes in lists])
    sizes = np.array([len(codes) for codes in lists])
    kind = table[behaviour, chance.integers(sizes[behaviour], "act.kind", *key.T)]
    played = (at < seconds_played(scene)) & (at >= accounts.created[row] * 86_400)
    return key[played], row[played], kind[played], at[played]


def _answered(scene: Scene, accounts: Accounts, key: Ints, account: Ints, kind: Ints, at: Ints) -> Ints:
    """Choose the earlier act of the same community that each reply, share and like answers; acts are by time."""
    del at
    speaks = np.flatnonzero(np.isin(kind, (KIND["post"], KIND["reply"], KIND["review"], KIND["mention"])))
    community = accounts.community[account]
    speaks = speaks[np.argsort(community[speaks], kind="stable")]
    start = np.searchsorted(community[speaks], community)
    width = len(account) + 1
    before = np.searchsorted(community[speaks] * width + speaks, community * width + np.arange(len(account))) - start
    reach = np.minimum(before, _LOOKS_BACK)
    back = np.floor(scene.chance.uniform("act.answers", *key.T) ** 2 * reach).astype(np.int64)
    found = np.full(len(account), -1, dtype=np.int64)
    able = np.isin(kind, ANSWERS) & (before > 0)
    found[able] = speaks[(start + before - 1 - back)[able]]
    return found


def _moods(
    scene: Scene, accounts: Accounts, echo: Echo, epoch: int, key: Ints, account: Ints, at: Ints, is_brand: np.ndarray
) -> Reals:
    """Let customers speak of the company as their last order pleased them; all else is in a middling mood."""
    network = scene.profile.network
    usual = scene.profile.aftercare.satisfaction_mean
    number = accounts.number[account]
    base = np.full(len(account), 3.2)
    base[is_brand] = usual
    if len(echo.person):
        stamp, wanted = (p * 2**34 + t + 2**33 for p, t in ((echo.person, echo.at - epoch), (number, at)))
        last = np.searchsorted(stamp, wanted) - 1
        heard = is_brand & (last >= 0) & (echo.person[np.maximum(last, 0)] == number)
        base[heard] = echo.satisfaction[last[heard]]
    return np.clip(base + network.sentiment_spread * scene.chance.normal("act.mood", *key.T), 1.0, 5.0)


def _topics(scene: Scene, key: Ints, at: Ints, is_brand: np.ndarray) -> tuple[Ints, Ints]:
    """Choose the topics of each act: the brand first where it is about the company, then by the day's intensity."""
    network, chance = scene.profile.network, scene.chance
    names = list(network.topics)
    days = np.arange(scene.until + 1, dtype=np.float64)  # an hour more than the days, when clocks were put back
    weights = np.cumsum(intensity(scene, days), axis=1) if len(days) else np.zeros((0, len(names)))
    count = 1 + np.minimum(chance.poisson(network.topics_extra, "act.topics", *key.T), 3)
    row, place = grow(count)
    steps = weights[np.minimum(at[row] // 86_400, len(days) - 1)]
    mark = chance.uniform("act.topic", key[row, 0], key[row, 1], key[row, 2], place) * steps[:, -1]
    code = np.minimum((steps <= mark[:, None]).sum(axis=1), len(names) - 1)
    if "brand" in names:
        code = np.where(is_brand[row] & (place == 0), names.index("brand"), code)
    distinct = np.ones(len(row), dtype=np.bool_)
    for back in (1, 2, 3):
        same = np.zeros(len(row), dtype=np.bool_)
        same[back:] = (row[back:] == row[:-back]) & (code[back:] == code[:-back])
        distinct &= ~same
    kept = np.bincount(row[distinct], minlength=len(key))
    return np.r_[0, np.cumsum(kept)], code[distinct]
