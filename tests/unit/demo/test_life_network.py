from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sources.companies.demo.accounts import handles, has_account
from sources.companies.demo.coupons import draw_passings
from sources.companies.demo.follows import Accounts, Follows, draw_accounts, draw_follows
from sources.companies.demo.moments import instant
from sources.companies.demo.network import remember
from sources.companies.demo.posts import KIND, Acts, Echo, behaviours, draw_acts, intensity
from sources.companies.demo.profile_network import BEHAVIOURS
from tests.unit.demo.life_world import World, assert_rate, default_world, play


@pytest.fixture(scope="module")
def social() -> World:
    """A world in which nearly everybody has an account and tells others of coupons."""
    return play(
        population__persons=1500, web__tracked_share=0, network__account_share=0.9, network__coupon_share=0.6,
        contacts__redeem_share=0.9,
    )  # fmt: skip


@pytest.fixture(scope="module")
def echo(social: World) -> Echo:
    (life,) = social.lives
    return remember(social.scene, life)


@pytest.fixture(scope="module")
def accounts(social: World) -> Accounts:
    return draw_accounts(social.scene)


@pytest.fixture(scope="module")
def follows(social: World, accounts: Accounts) -> Follows:
    return draw_follows(social.scene, accounts)


@pytest.fixture(scope="module")
def acts(social: World, accounts: Accounts, echo: Echo) -> Acts:
    return draw_acts(social.scene, accounts, echo, int(instant(social.scene, 0)))


def test_the_share_of_persons_with_an_account_returns(social: World) -> None:
    people = np.flatnonzero(~social.scene.persons.is_organisation)
    assert_rate(has_account(social.scene, people), social.scene.profile.network.account_share)


def test_handles_are_unique(social: World, accounts: Accounts) -> None:
    names = handles(social.scene, accounts.number).to_pylist()
    assert len(set(names)) == len(names) > 2000
    assert all(name.isascii() for name in names)


def _large_communities(**overrides: object) -> tuple[Accounts, Follows]:
    """Draw a graph in which hardly any account is chosen twice by the same follower."""
    settings = {"population__persons": 1500, "web__tracked_share": 0, "network__account_share": 0.9}
    scene = play(until=100, network__community_size=600, **settings, **overrides).scene  # type: ignore[arg-type]
    nodes = draw_accounts(scene)
    return nodes, draw_follows(scene, nodes)


def test_follows_leave_the_community_as_planted() -> None:
    nodes, edges = _large_communities(network__copied_share=0.0, network__between_share=0.2)
    several = nodes.communities[nodes.platform[edges.follower]] > 1
    out = nodes.community[edges.follower] != nodes.community[edges.followed]
    assert_rate(out[several], 0.2)
    assert not out[~several].any()


def test_follows_stay_on_the_platform(accounts: Accounts, follows: Follows) -> None:
    assert (accounts.platform[follows.follower] == accounts.platform[follows.followed]).all()
    assert (follows.follower != follows.followed).all()


def test_attachment_is_preferential() -> None:
    """With copying a few accounts gather far more followers than without."""
    top = {}
    for share in (0.0, 0.9):
        nodes, edges = _large_communities(network__copied_share=share)
        followers = np.bincount(edges.followed, minlength=len(nodes))
        top[share] = np.sort(followers)[-20:].sum() / followers.sum()
    assert top[0.9] > 2.0 * top[0.0]


def test_nobody_follows_an_account_that_is_not_there_yet(accounts: Accounts, follows: Follows) -> None:
    assert (follows.at >= accounts.created[follows.followed] * 86_400).all()
    assert (follows.at >= accounts.created[follows.follower] * 86_400).all()
    assert (np.diff(follows.at) >= 0).all()


def test_behaviours_return_and_overlap(social: World, accounts: Accounts) -> None:
    has = behaviours(social.scene, accounts.number)
    for place, name in enumerate(BEHAVIOURS[:-1]):
        assert_rate(has[:, place], social.scene.profile.network.behaviours[name])
    assert (has[:, -1] == (has[:, :-1].sum(axis=1) == 0)).all()
    assert (has.sum(axis=1) > 1).any()


def test_mood_follows_satisfaction(social: World, accounts: Accounts, acts: Acts, echo: Echo) -> None:
    """What a customer says of the company pleases more the more the order before it had pleased him."""
    at = echo.at - int(instant(social.scene, 0))
    orders = pd.DataFrame({"person": echo.person, "at": at, "satisfaction": echo.satisfaction})
    said = pd.DataFrame({"person": accounts.number[acts.account], "at": acts.at, "mood": acts.mood})[acts.is_brand]
    joined = pd.merge_asof(said.sort_values("at"), orders.sort_values("at"), on="at", by="person").dropna()
    assert len(joined) > 300
    error = joined["mood"] - joined["satisfaction"]
    assert abs(error.mean()) < 0.3, "moods end at 5"
    assert joined["mood"].corr(joined["satisfaction"]) > 0.3


def test_topics_are_born_grow_and_fade(social: World, acts: Acts) -> None:
    network = social.scene.profile.network
    code = list(network.topics).index("cold_brew")
    born = (network.topics["cold_brew"].born - social.scene.profile.start).days
    strength = intensity(social.scene, np.array([born - 120.0, born + 30.0, born + 330.0]))[:, code]
    assert strength[1] > 20 * strength[0]
    assert strength[1] > 8 * strength[2]
    row = np.repeat(np.arange(len(acts)), np.diff(acts.topic_offsets))
    day = acts.at[row[acts.topic_codes == code]] // 86_400
    assert len(day) > 100
    assert ((day > born) & (day < born + 150)).mean() > 0.6
    assert (day < born - 60).mean() < 0.02


def test_answers_go_to_earlier_posts_of_the_community(accounts: Accounts, acts: Acts) -> None:
    answers = np.flatnonzero(acts.answers >= 0)
    asked = acts.answers[answers]
    assert len(answers) > 500
    assert (acts.at[asked] <= acts.at[answers]).all()
    assert (accounts.community[acts.account[asked]] == accounts.community[acts.account[answers]]).all()
    assert not np.isin(acts.kind[asked], (KIND["like"], KIND["join"])).any()


def test_codes_pass_along_follows(social: World, accounts: Accounts, follows: Follows, echo: Echo) -> None:
    passed = draw_passings(social.scene, accounts, follows, echo, int(instant(social.scene, 0)))
    heard = np.flatnonzero(passed.heard_from >= 0)
    assert len(heard) > 20
    source = passed.heard_from[heard]
    assert (passed.campaign[heard] == passed.campaign[source]).all()
    assert (passed.at[heard] > passed.at[source]).all()
    assert (passed.depth[heard] == passed.depth[source] + 1).all()
    assert passed.depth.max() <= social.scene.profile.network.coupon_depth
    since = {(int(a), int(b)): int(t) for a, b, t in zip(follows.follower, follows.followed, follows.at, strict=True)}
    edges = zip(passed.account[heard], passed.account[source], passed.at[source], strict=True)
    assert all(since[int(a), int(b)] <= t for a, b, t in edges)
    pairs = set(zip(passed.account.tolist(), passed.campaign.tolist(), strict=True))
    assert len(pairs) == len(passed), "nobody tells the same code twice"


def test_followers_are_counted_as_of_the_reading() -> None:
    world = default_world()
    accounts = world.feeds["social_accounts"]
    people = accounts[accounts["account_kind"] == "person"].sort_values("updated_at").groupby("handle").tail(1)
    read_at = people.set_index("handle")["updated_at"]
    follows = (
        world.feeds["social_follows"]
        .sort_values("_day", kind="stable")
        .groupby(["follower_handle", "followed_handle"])
        .tail(1)
    )
    follows = follows[follows["followed_handle"].isin(read_at.index)]
    reading = follows["followed_handle"].map(read_at)
    there = (follows["followed_at"] <= reading) & (
        follows["unfollowed_at"].isna() | (follows["unfollowed_at"] > reading)
    )
    counted = follows[there].groupby("followed_handle").size()
    given = people.set_index("handle")["followers"]
    difference = (given - counted.reindex(given.index, fill_value=0)).abs()
    assert (difference <= 1).mean() > 0.99, "a follow in the last hour of the day may fall on either side"


def test_a_reaction_changes_the_count_of_its_post() -> None:
    posts = default_world().feeds["social_posts"].sort_values("_day", kind="stable")
    last = posts.groupby("post_ref").tail(1).set_index("post_ref")
    liked = posts[(posts["kind"] == "like") & posts["in_reply_to"].notna()]
    assert 0 < last["likes"].sum() <= len(liked)
    assert last.index[last["likes"] > 0].isin(liked["in_reply_to"]).all()
