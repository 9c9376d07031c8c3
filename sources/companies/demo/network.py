"""The social networks in the feeds: `social_accounts`, `social_follows`, `social_posts`, and the truth behind them.

Belongs here: rows. Does not belong here: the graph (`follows`), the acts (`posts`), the spread of codes (`coupons`).
The network is one for the whole world: it is played after all chunks, with what they remember (`remember`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo import names
from sources.companies.demo.accounts import given_and_family, handles, has_account
from sources.companies.demo.codes import SYSTEMS, Ints
from sources.companies.demo.coupons import Passings, draw_passings
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.follows import Accounts, Follows, draw_accounts, draw_follows
from sources.companies.demo.model import Life
from sources.companies.demo.moments import day_of, instant, seconds_played
from sources.companies.demo.network_posts import posts_feed
from sources.companies.demo.posts import Echo, behaviours, draw_acts
from sources.companies.demo.profile_network import BEHAVIOURS
from sources.companies.demo.records import first_records
from sources.companies.demo.rows import label, take_or_null
from sources.companies.demo.scene import Parts, Scene

_BIOS = ("", "Caffè, libri, mare.", "Mum of two. Views my own.", "Koch aus Leidenschaft", "jardinage et chats", "☕🌿")
SNAPSHOT_DAYS = 182
"""Days between two readings of an account's numbers of followers."""


@dataclass(frozen=True)
class Firms:
    """Accounts of the company and its competitors: platform (code), handle, whether it is the company's own."""

    platform: Ints
    handle: list[str]
    is_own: np.ndarray


def remember(scene: Scene, life: Life) -> Echo:
    """Keep of one chunk what the network needs of it: the orders of persons with an account."""
    orders = life.orders
    row = np.flatnonzero(has_account(scene, orders.person)) if len(orders) else np.zeros(0, dtype=np.int64)
    return Echo(orders.person[row], orders.at[row], orders.satisfaction[row], orders.campaign[row].astype(np.int64))


def network(scene: Scene, echoes: list[Echo]) -> Parts:
    """Make the feeds of the networks, and the truth: who is behind an account, and who passed a code on to whom."""
    echo = Echo(*(np.concatenate([getattr(each, column.name) for each in echoes]) for column in fields(Echo)))
    epoch = int(instant(scene, 0))
    accounts = draw_accounts(scene)
    follows = draw_follows(scene, accounts)
    acts = draw_acts(scene, accounts, echo, epoch)
    passings = draw_passings(scene, accounts, follows, echo, epoch)
    handle = handles(scene, accounts.number)
    firms = _firms(scene)
    fans = _fans(scene, accounts, firms)
    return Parts(
        {
            "social_accounts": [_accounts_feed(scene, accounts, follows, handle), _firms_feed(scene, firms, fans)],
            "social_follows": [
                *_follows_feed(scene, accounts, follows, handle),
                _fans_feed(scene, firms, fans, handle),
            ],
            "social_posts": posts_feed(scene, accounts, acts, passings, handle, epoch),
        },
        {
            "social_account": [_accounts_truth(scene, accounts, handle)],
            "coupon_passed": [_passings_truth(scene, accounts, passings, handle)],
        },
    )


def _firms(scene: Scene) -> Firms:
    rows = [
        (code, handle, handle == platform.own_handle)
        for code, platform in enumerate(scene.profile.network.platforms.values())
        for handle in (platform.own_handle, *platform.competitors)
    ]
    return Firms(np.array([r[0] for r in rows]), [r[1] for r in rows], np.array([r[2] for r in rows]))


def _fans(scene: Scene, accounts: Accounts, firms: Firms) -> tuple[Ints, Ints, Ints]:
    """Choose who follows the company and its competitors: row in Accounts, row in Firms, day."""
    section, chance = scene.profile.network, scene.chance
    account, firm = (part.ravel() for part in np.indices((len(accounts), len(firms.handle))))
    number = accounts.number[account]
    same = accounts.platform[account] == firms.platform[firm]
    rate = np.where(
        firms.is_own[firm], section.follow_own_share * accounts.is_person[account], section.follow_competitor_share
    )
    some = np.flatnonzero(same & chance.flag(rate, "fan", number, firm))
    account, firm, number = account[some], firm[some], number[some]
    arrived = scene.persons.arrived[np.minimum(number, len(scene.persons) - 1)]
    since = np.where(
        accounts.is_person[account], np.maximum(arrived, accounts.created[account]), accounts.created[account]
    )
    day = since + np.floor(section.follow_days * chance.exponential("fan.wait", number, firm)).astype(np.int64)
    played = day < scene.until
    return account[played], firm[played], day[played]


def _accounts_feed(scene: Scene, accounts: Accounts, follows: Follows, handle: pa.Array) -> pa.Table:
    """Read each account once when it appears and again every half year, with its numbers of followers by then."""
    first = np.maximum(accounts.created, 0)
    readings = max(1, -(-scene.until // SNAPSHOT_DAYS))
    row, turn = (part.ravel() for part in np.indices((len(accounts), readings)))
    day = np.where(turn == 0, first[row], turn * SNAPSHOT_DAYS)
    kept = (day < scene.until) & ((turn == 0) | (day > first[row]))
    row, day = row[kept], day[kept]
    number, chance, section = accounts.number[row], scene.chance, scene.profile.network
    own = accounts.is_person[row]
    linked = own & chance.flag(section.linked_share, "account.linked", number)
    known = np.where(linked, number, 0)
    system, reference = first_records(scene, known)
    linked &= scene.persons.arrived[known] <= day
    shows = own & chance.flag(section.email_shown_share, "account.email", number)
    given, family = given_and_family(scene, number)
    family_word = names.family().words.take(pa.array(family))
    style = chance.integers(3, "account.name", number)
    display = pc.choose(
        pa.array(style),
        pc.binary_join_element_wise(names.given().words.take(pa.array(given)), family_word, " "),
        pc.binary_join_element_wise(
            names.given().words.take(pa.array(given)), pc.utf8_slice_codeunits(family_word, 0, 1), " "
        ),
        names.short_forms().take(pa.array(given)),
    )
    return feed_table(
        "social_accounts",
        day,
        platform=label(list(section.platforms), accounts.platform[row]),
        handle=handle.take(pa.array(row)),
        updated_at=instant(scene, day, 23 * 3600),
        source_system=take_or_null(label(SYSTEMS, system), np.arange(len(row)), linked),
        customer_ref=take_or_null(reference, np.arange(len(row)), linked),
        display_name=display,
        bio=label(_BIOS, chance.integers(len(_BIOS), "account.bio", number)),
        email=take_or_null(scene.persons.email, np.where(own, number, 0), shows),
        followers=_count(scene, follows.followed, follows, row, day),
        following=_count(scene, follows.follower, follows, row, day),
        account_kind=pa.repeat("person", len(row)),
        created_at=instant(scene, accounts.created[row], chance.integers(86_400, "account.second", number)),
    )


def _count(scene: Scene, end: Ints, follows: Follows, row: Ints, day: Ints) -> Ints:
    """Count the follows with each account at one end that were there at the end of a day."""
    shift, width = 2**28, 2**31
    ends = instant(scene, day + 1) - instant(scene, 0)
    count = np.zeros(len(row), dtype=np.int64)
    for sign, moment in ((1, follows.at), (-1, np.minimum(follows.ends, 2**30))):
        stamps = np.sort(end * width + moment + shift)
        before = np.searchsorted(stamps, row * width + ends + shift)
        count += sign * (before - np.searchsorted(stamps, row * width))
    return count


def _firms_feed(scene: Scene, firms: Firms, fans: tuple[Ints, Ints, Ints]) -> pa.Table:
    turns = np.arange(max(1, -(-scene.until // SNAPSHOT_DAYS)))
    firm, turn = (part.ravel() for part in np.indices((len(firms.handle), len(turns))))
    day = turn * SNAPSHOT_DAYS
    stamps = np.sort(fans[1] * 2**32 + fans[2] + 2**20)
    followers = np.searchsorted(stamps, firm * 2**32 + day + 1 + 2**20) - np.searchsorted(stamps, firm * 2**32)
    handle = pa.array(firms.handle).take(pa.array(firm))
    return feed_table(
        "social_accounts",
        day,
        platform=label(list(scene.profile.network.platforms), firms.platform[firm]),
        handle=handle,
        updated_at=instant(scene, day, 23 * 3600),
        display_name=handle,
        followers=followers,
        following=np.zeros(len(day), dtype=np.int64),
        account_kind=label(("competitor", "own"), firms.is_own[firm].astype(np.int64)),
        created_at=instant(scene, np.full(len(day), -1500)),
    )


def _follows_feed(scene: Scene, accounts: Accounts, follows: Follows, handle: pa.Array) -> list[pa.Table]:
    """Give each follow when it begins, and once more when it has ended."""
    epoch = int(instant(scene, 0))
    ended = np.flatnonzero(follows.ends < seconds_played(scene))
    tables = []
    for rows, moment, is_end in ((np.arange(len(follows.at)), follows.at, False), (ended, follows.ends, True)):
        tables.append(
            feed_table(
                "social_follows",
                np.maximum(day_of(scene, epoch + moment[rows]), 0),
                platform=label(list(scene.profile.network.platforms), accounts.platform[follows.follower[rows]]),
                follower_handle=handle.take(pa.array(follows.follower[rows])),
                followed_handle=handle.take(pa.array(follows.followed[rows])),
                followed_at=epoch + follows.at[rows],
                unfollowed_at=epoch + follows.ends[rows] if is_end else None,
            )
        )
    return tables


def _fans_feed(scene: Scene, firms: Firms, fans: tuple[Ints, Ints, Ints], handle: pa.Array) -> pa.Table:
    account, firm, day = fans
    return feed_table(
        "social_follows",
        np.maximum(day, 0),
        platform=label(list(scene.profile.network.platforms), firms.platform[firm]),
        follower_handle=handle.take(pa.array(account)),
        followed_handle=pa.array(firms.handle).take(pa.array(firm)),
        followed_at=instant(scene, day, 20 * 3600),
    )


def _accounts_truth(scene: Scene, accounts: Accounts, handle: pa.Array) -> pa.Table:
    kinds = behaviours(scene, accounts.number)
    columns = {f"is_{name}": kinds[:, place] for place, name in enumerate(BEHAVIOURS)}
    return pa.table(
        {
            "platform": label(list(scene.profile.network.platforms), accounts.platform),
            "handle": handle,
            "person_id": pa.array(accounts.number, mask=~accounts.is_person),
            "community": accounts.community,
            **columns,
            "_day": accounts.created,
        }
    ).filter(pa.array(accounts.created < scene.until))


def _passings_truth(scene: Scene, accounts: Accounts, passings: Passings, handle: pa.Array) -> pa.Table:
    source = np.where(passings.heard_from >= 0, passings.account[np.maximum(passings.heard_from, 0)], -1)
    return pa.table(
        {
            "coupon_code": scene.campaigns.coupon_code.take(pa.array(passings.campaign)),
            "platform": label(list(scene.profile.network.platforms), accounts.platform[passings.account]),
            "handle": handle.take(pa.array(passings.account)),
            "heard_from": take_or_null(handle, source),
            "depth": passings.depth,
            "at": pa.array(int(instant(scene, 0)) + passings.at).cast(pa.timestamp("s", tz="UTC")),
            "_day": day_of(scene, int(instant(scene, 0)) + passings.at),
        }
    )
