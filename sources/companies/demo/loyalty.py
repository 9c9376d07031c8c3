"""Points: the feed `loyalty_entries`, a ledger with signs; what is added up is the balance.

Belongs here: earning, redeeming, expiring, correcting, points for referrals. Does not belong here: campaigns that give
points (the core). Points are kept by account, as the till knows it; nobody's balance falls below zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sources.companies.demo.codes import SYSTEMS, Flags, Ints
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.model import Life
from sources.companies.demo.moments import day_of, instant, moments
from sources.companies.demo.records import first_records
from sources.companies.demo.rows import (
    DAY_SECONDS,
    grow,
    hex_refs,
    label,
    record_at,
    rows_of_records,
    sum_within_group,
    take_or_null,
)
from sources.companies.demo.scene import Parts, Scene

KINDS = ("earn", "redeem", "expire", "referral", "adjust")
KIND = {name: code for code, name in enumerate(KINDS)}


@dataclass(frozen=True)
class _Entries:
    """Entries, one row each: kind (code), key (names the entry for ever), row in Records, points with sign, instant."""

    kind: int
    key: Ints
    record: Ints
    points: Ints
    at: Ints
    order: Ints | None = None
    reward: Ints | None = None


def loyalty(scene: Scene, life: Life) -> Parts:
    """Make the ledger entries of one chunk."""
    earned = _earned(scene, life)
    entries = [earned, *_rewards(scene, life, earned), _corrections(scene, life)]
    tables = [_table(scene, life, each) for each in entries if len(each.key)]
    brought = _referrals(scene, life)
    return Parts({"loyalty_entries": tables if brought is None else [*tables, brought]})


def is_member(scene: Scene, person: Ints) -> Flags:
    """Tell who collects points."""
    return scene.chance.flag(scene.profile.loyalty.member_share, "loyalty.member", person)


def _earned(scene: Scene, life: Life) -> _Entries:
    """Give the points of each order on an account, by account and time."""
    orders = life.orders
    points = np.floor(orders.paid_home * scene.profile.loyalty.points_per_unit).astype(np.int64)
    counts = (orders.record >= 0) & ~orders.is_cancelled & (points > 0) & is_member(scene, orders.person)
    rows = np.flatnonzero(counts)
    record = rows_of_records(life.records, orders.record[rows])
    sorted_rows = np.lexsort((orders.at[rows], record))
    rows, record = rows[sorted_rows], record[sorted_rows]
    return _Entries(KIND["earn"], orders.order[rows], record, points[rows], orders.at[rows], order=rows)


def _rewards(scene: Scene, life: Life, earned: _Entries) -> list[_Entries]:
    """Redeem or expire each reward that the points add up to; rewards of one account are numbered from 0."""
    section, chance = scene.profile.loyalty, scene.chance
    total = sum_within_group(earned.points, earned.record).astype(np.int64)
    before = (total - earned.points) // section.reward_points
    parent, place = grow(total // section.reward_points - before)
    number, record = before[parent] + place, earned.record[parent]
    account = life.records.record[record]
    wait = section.redeem_days * chance.exponential("loyalty.redeem.wait", account, number)
    redeems = chance.flag(section.redeem_share, "loyalty.redeem", account, number) & (wait < section.expire_days)
    days = np.where(redeems, wait, section.expire_days)
    at = earned.at[parent] + (days * DAY_SECONDS).astype(np.int64)
    key, points = account * 4096 + number, np.full(len(number), -section.reward_points)
    reward = chance.integers(len(section.rewards), "loyalty.reward", account, number)
    made = []
    for kind, chosen in (("redeem", redeems), ("expire", ~redeems)):
        some = np.flatnonzero(chosen)
        made.append(
            _Entries(KIND[kind], key[some], record[some], points[some], at[some],
                     reward=reward[some] if kind == "redeem" else None)
        )  # fmt: skip
    return made


def _corrections(scene: Scene, life: Life) -> _Entries:
    """Give points by hand now and then, always in the customer's favour."""
    person, number, at = moments(scene, life, scene.profile.loyalty.adjust_per_year, "loyalty.adjust")
    record = record_at(life.records, person, at, tuple(range(len(SYSTEMS))))
    some = np.flatnonzero((record >= 0) & is_member(scene, person))
    points = 10 * (1 + scene.chance.integers(10, "loyalty.adjust.points", person[some], number[some]))
    return _Entries(KIND["adjust"], person[some] * 2**20 + number[some], record[some], points, at[some])


def _referrals(scene: Scene, life: Life) -> pa.Table | None:
    """Give points to members who brought a person of this chunk, on the referrer's first account."""
    section, persons = scene.profile.loyalty, scene.persons
    person = np.arange(life.lo, life.hi)
    referrer = persons.source_referrer[person].astype(np.int64)
    arrived = persons.arrived[person]
    counts = (referrer >= 0) & (arrived >= 0) & (arrived < scene.until) & (section.referral_points > 0)
    some = np.flatnonzero(counts & is_member(scene, np.maximum(referrer, 0)))
    if len(some) == 0:
        return None
    system, reference = first_records(scene, referrer[some])
    _, brought = first_records(scene, person[some])
    at = instant(scene, arrived[some], persons.arrived_second[person[some]]) + 1
    return feed_table(
        "loyalty_entries",
        arrived[some],
        source_system=label(SYSTEMS, system),
        entry_ref=hex_refs("L", scene.chance.bits("loyalty.entry", KIND["referral"], person[some])),
        customer_ref=reference,
        kind=pa.repeat("referral", len(some)),
        points=np.full(len(some), float(section.referral_points)),
        occurred_at=at,
        referred_customer_ref=brought,
    )


def _table(scene: Scene, life: Life, entries: _Entries) -> pa.Table:
    day = day_of(scene, entries.at)
    played = np.flatnonzero(day < scene.until)
    records, row = life.records, entries.record[played]
    order = np.full(len(entries.key), -1) if entries.order is None else entries.order
    reward = np.full(len(entries.key), -1) if entries.reward is None else entries.reward
    return feed_table(
        "loyalty_entries",
        day[played],
        source_system=label(SYSTEMS, records.system[row]),
        entry_ref=hex_refs("L", scene.chance.bits("loyalty.entry", entries.kind, entries.key[played])),
        customer_ref=take_or_null(records.ref, row),
        kind=pa.repeat(KINDS[entries.kind], len(played)),
        points=entries.points[played].astype(np.float64),
        occurred_at=entries.at[played],
        order_ref=take_or_null(life.orders.ref, order[played]),
        reward=label(scene.profile.loyalty.rewards, reward[played]),
    )
