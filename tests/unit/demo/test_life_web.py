from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sources.companies.demo.visits import tracked
from tests.unit.demo.life_world import assert_rate, default_world


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return default_world().feeds["web_events"].sort_values(["visitor_ref", "occurred_at"], kind="stable")


@pytest.fixture(scope="module")
def seen() -> pd.DataFrame:
    return default_world().truth["web_visit"]


def test_the_tracked_share_returns() -> None:
    world = default_world()
    persons = np.arange(len(world.scene.persons))
    assert_rate(tracked(world.scene, persons), world.scene.profile.web.tracked_share)
    watched = world.truth["web_visit"]["person_id"].dropna().astype(int).unique()
    assert tracked(world.scene, watched).all()


def test_events_have_references_of_their_own(events: pd.DataFrame) -> None:
    assert events["event_ref"].is_unique
    assert events["event_ref"].str.fullmatch("e[0-9a-f]{16}").all()


def test_the_shares_of_visits_return(events: pd.DataFrame, seen: pd.DataFrame) -> None:
    web = default_world().scene.profile.web
    searched = (events["event_type"] == "search").sum()
    assert_rate(np.arange(len(seen)) < searched, web.search_share)
    browsed = seen[seen["kind"].isin(["browse", "before_order", "campaign", "before_arrival", "stranger"])]
    carts = (events["event_type"] == "add_to_cart").sum() - _lines_ordered_online()
    assert_rate(np.arange(len(browsed)) < carts, web.cart_share)


def _lines_ordered_online() -> int:
    world, count = default_world(), 0
    online = world.truth["web_visit"]["order_ref"].dropna()
    for life in world.lives:
        was_online = pd.Series(life.orders.ref.to_pylist()).isin(online).to_numpy()
        count += int(was_online[life.lines.order].sum())
    return count


def test_a_purchase_is_an_order_of_the_same_moment(events: pd.DataFrame) -> None:
    world = default_world()
    bought = events[events["event_type"] == "purchase"]
    assert len(bought) > 100
    at = {
        ref: int(stamp)
        for life in world.lives
        for ref, stamp in zip(life.orders.ref.to_pylist(), life.orders.at, strict=True)
    }
    stamp = bought["occurred_at"].dt.as_unit("s").astype("int64")
    assert stamp.tolist() == [at[ref] for ref in bought["order_ref"]]


def test_nobody_is_known_before_he_logs_in(events: pd.DataFrame) -> None:
    """The first event of a visit is anonymous; from a login or a registration on, the account stands on each event."""
    known = events["customer_ref"].notna()
    assert 0.1 < known.mean() < 0.9
    entering = events["event_type"].isin(["login", "register"])
    assert known[entering].all()
    landing = events["utm_source"].notna() | events["referrer_url"].notna()
    assert not (known & landing & ~entering).any()


def test_an_account_is_one_that_exists(events: pd.DataFrame) -> None:
    world = default_world()
    since = {
        ref: int(at)
        for life in world.lives
        for ref, at in zip(life.records.ref.to_pylist(), life.records.since_at, strict=True)
    }
    known = events.dropna(subset=["customer_ref"])
    known = known[known["event_type"] != "register"]
    stamp = known["occurred_at"].dt.as_unit("s").astype("int64")
    early = stamp < known["customer_ref"].map(since)
    assert early.mean() < 0.01, "only the events of a registration itself may be seconds early"


def test_a_household_shares_a_device_but_no_other(seen: pd.DataFrame) -> None:
    people = seen.dropna(subset=["person_id"]).groupby(["visitor_ref", "is_shared_device"])["person_id"].nunique()
    people = people.reset_index()
    assert (people.loc[~people["is_shared_device"], "person_id"] == 1).all()
    assert people.loc[people["is_shared_device"], "person_id"].max() > 1


def test_several_devices_a_person(seen: pd.DataFrame) -> None:
    visits = seen.dropna(subset=["person_id"])
    visitors = visits.groupby("person_id")["visitor_ref"].nunique()
    assert visitors.max() > 2


def test_a_click_brings_its_campaign_along(events: pd.DataFrame, seen: pd.DataFrame) -> None:
    clicked = seen[seen["kind"] == "campaign"]
    refs = set(default_world().scene.campaigns.ref.to_pylist())
    by_campaign = events[events["utm_campaign"].isin(refs)]
    assert len(by_campaign) == len(clicked) > 20
    assert set(by_campaign["event_type"]) == {"page_view"}


def test_events_of_a_visit_do_not_overlap_its_end(seen: pd.DataFrame) -> None:
    assert (seen["ended_at"] >= seen["started_at"]).all()
