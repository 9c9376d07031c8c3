"""Rows of the feed `social_posts`: acts and codes passed on, with how often they were liked, shared and answered.

Belongs here: turning acts into rows. Does not belong here: who acts, when and about what (`posts`, `coupons`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo.codes import Ints
from sources.companies.demo.coupons import Passings
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.follows import Accounts
from sources.companies.demo.moments import day_of
from sources.companies.demo.posts import KIND, KINDS, Acts
from sources.companies.demo.rows import hex_refs, label, take_or_null
from sources.companies.demo.scene import Scene
from sources.companies.demo.texts import MOODS, compose

COUNTED_DAYS = 7
"""Days after which a post is read once more, with the reactions that it has had by then."""
_POOR, _GOOD = 2.6, 3.8
_CODE_TEXTS = ("Usate il codice {code}!", "Use code {code} before it is gone.", "Code {code} funktioniert noch.")


def posts_feed(
    scene: Scene, accounts: Accounts, acts: Acts, passings: Passings, handle: pa.Array, epoch: int
) -> list[pa.Table]:
    """Give each act when it happens, once more where it had reactions within a week, and the codes passed on."""
    refs = hex_refs("p", scene.chance.bits("act.ref", *acts.key.T))
    text = _texts(scene, accounts, acts)
    fresh = _rows(scene, accounts, acts, handle, refs, text, epoch)
    counts = _reactions(acts)
    later = day_of(scene, epoch + acts.at) + COUNTED_DAYS
    again = np.flatnonzero((sum(counts.values()) > 0) & (later < scene.until))
    seen = fresh.take(pa.array(again))
    for name, count in counts.items():
        seen = seen.set_column(seen.schema.get_field_index(name), name, pa.array(count[again]))
    seen = seen.set_column(seen.schema.get_field_index("_day"), "_day", pa.array(later[again].astype(np.int32)))
    return [fresh, seen, _passed(scene, accounts, passings, handle, epoch)]


def _rows(
    scene: Scene, accounts: Accounts, acts: Acts, handle: pa.Array, refs: pa.Array, text: pa.Array, epoch: int
) -> pa.Table:
    platforms = scene.profile.network.platforms
    own = pa.array([platform.own_handle for platform in platforms.values()])
    platform = accounts.platform[acts.account]
    to_firm = np.isin(acts.kind, (KIND["mention"], KIND["join"]))
    to_author = take_or_null(handle, np.where(acts.answers >= 0, acts.account[np.maximum(acts.answers, 0)], -1))
    topics = pa.ListArray.from_arrays(
        pa.array(acts.topic_offsets.astype(np.int32)), label(list(scene.profile.network.topics), acts.topic_codes)
    )
    none = np.zeros(len(acts), dtype=np.int64)
    return feed_table(
        "social_posts",
        day_of(scene, epoch + acts.at),
        platform=label(list(platforms), platform),
        post_ref=refs,
        handle=handle.take(pa.array(acts.account)),
        posted_at=epoch + acts.at,
        kind=label(KINDS, acts.kind),
        in_reply_to=take_or_null(refs, acts.answers),
        target_handle=pc.coalesce(take_or_null(own, platform, to_firm), to_author),
        topics=topics,
        text=text,
        likes=none,
        shares=none,
        replies=none,
    )


def _texts(scene: Scene, accounts: Accounts, acts: Acts) -> pa.Array:
    """Write a text in the account's language and the act's mood; likes and joins have none."""
    number = accounts.number[acts.account]
    language = scene.persons.language[np.minimum(number, len(scene.persons) - 1)].astype(np.int64)
    mood = np.digitize(acts.mood, (_POOR, _GOOD))
    first = acts.topic_codes[acts.topic_offsets[:-1]] if len(acts) else np.zeros(0, dtype=np.int64)
    said = [name.replace("_", " ") for name in scene.profile.network.topics]
    said = ["Bottega Stella" if name == "brand" else name for name in said]
    mark = scene.chance.integers(1 << 20, "act.text", *acts.key.T)
    silent = np.isin(acts.kind, (KIND["like"], KIND["join"], KIND["share"]))
    return compose("posts", language, mood, MOODS, mark, label(said, np.where(silent, -1, first)))


def _reactions(acts: Acts) -> dict[str, Ints]:
    """Count what each act received within a week, by column of the feed."""
    answering = np.flatnonzero(acts.answers >= 0)
    soon = answering[acts.at[answering] - acts.at[acts.answers[answering]] < COUNTED_DAYS * 86_400]
    received = {"likes": "like", "shares": "share", "replies": "reply"}
    return {
        column: np.bincount(acts.answers[soon[acts.kind[soon] == KIND[kind]]], minlength=len(acts))
        for column, kind in received.items()
    }


def _passed(scene: Scene, accounts: Accounts, passings: Passings, handle: pa.Array, epoch: int) -> pa.Table:
    """Give the posts in which a code is told; who heard it from another shares that post."""
    number = accounts.number[passings.account]
    refs = hex_refs("p", scene.chance.bits("coupon.ref", number, passings.campaign))
    code = scene.campaigns.coupon_code.take(pa.array(passings.campaign))
    heard = passings.heard_from >= 0
    style = scene.chance.integers(len(_CODE_TEXTS), "coupon.text", number, passings.campaign)
    before, after = (pa.array([text.split("{code}")[side] for text in _CODE_TEXTS]) for side in (0, 1))
    empty = pa.array([[]] * 1, pa.list_(pa.string()))
    none = np.zeros(len(passings), dtype=np.int64)
    return feed_table(
        "social_posts",
        day_of(scene, epoch + passings.at),
        platform=label(list(scene.profile.network.platforms), accounts.platform[passings.account]),
        post_ref=refs,
        handle=handle.take(pa.array(passings.account)),
        posted_at=epoch + passings.at,
        kind=label(("post", "share"), heard.astype(np.int64)),
        in_reply_to=take_or_null(refs, passings.heard_from),
        target_handle=take_or_null(handle, np.where(heard, passings.account[np.maximum(passings.heard_from, 0)], -1)),
        topics=empty.take(pa.array(none)),
        text=pc.binary_join_element_wise(before.take(pa.array(style)), code, after.take(pa.array(style)), ""),
        likes=none,
        shares=none,
        replies=none,
        coupon_code=code,
    )
