from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sources.companies.demo.codes import CHANNEL
from sources.companies.demo.loyalty import is_member
from sources.companies.demo.sales import was_lead
from tests.unit.demo.life_world import World, assert_rate, default_world, play

STAGES = ["lead", "qualified", "proposal", "negotiation", "won", "lost"]


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    return default_world().feeds["loyalty_entries"].sort_values("occurred_at", kind="stable")


@pytest.fixture(scope="module")
def business() -> World:
    """A world in which most households are organisations."""
    return play(population__persons=1000, population__organisation_share=0.6, web__tracked_share=0)


def _owners(world: World) -> dict[str, int]:
    return {
        ref: person
        for life in world.lives
        for ref, person in zip(life.records.ref.to_pylist(), life.records.person, strict=True)
    }


def test_no_balance_ever_falls_below_zero(ledger: pd.DataFrame) -> None:
    balance = ledger.groupby(["source_system", "customer_ref"])["points"].cumsum()
    assert len(ledger) > 1000
    assert balance.min() >= 0
    assert set(np.sign(ledger.loc[ledger["kind"].isin(["redeem", "expire"]), "points"])) == {-1.0}


def test_members_redeem_and_forget_as_planted(ledger: pd.DataFrame) -> None:
    """Of rewards that have had a whole life, the planted share is redeemed and the others expire."""
    section = default_world().scene.profile.loyalty
    ends = ledger["occurred_at"].max()
    earned = ledger[ledger["kind"] == "earn"].copy()
    total = earned.groupby(["source_system", "customer_ref"])["points"].cumsum()
    rewards = total // section.reward_points - (total - earned["points"]) // section.reward_points
    old = rewards[earned["occurred_at"] < ends - pd.Timedelta(days=section.expire_days + 1)].sum()
    expired = (ledger["kind"] == "expire").sum()
    assert_rate(np.arange(int(old)) < expired, 1 - section.redeem_share)


def test_only_members_collect(ledger: pd.DataFrame) -> None:
    world = default_world()
    assert_rate(is_member(world.scene, np.arange(len(world.scene.persons))), world.scene.profile.loyalty.member_share)
    assert is_member(world.scene, ledger["customer_ref"].map(_owners(world)).to_numpy()).all()


def test_a_referral_names_who_was_brought(ledger: pd.DataFrame) -> None:
    world = default_world()
    brought = ledger[ledger["kind"] == "referral"]
    owners = _owners(world)
    referrer = world.scene.persons.source_referrer[brought["referred_customer_ref"].map(owners).to_numpy()]
    assert len(brought) > 5
    assert (referrer == brought["customer_ref"].map(owners).to_numpy()).all()


def test_entry_references_are_unique(ledger: pd.DataFrame) -> None:
    assert ledger["entry_ref"].is_unique


def test_leads_convert_as_planted() -> None:
    world = default_world()
    everyone = np.arange(len(world.scene.persons))
    sources = np.isin(world.scene.persons.source, [CHANNEL[name] for name in ("web", "advertising", "partner")])
    sources &= world.scene.persons.arrived >= 0
    assert_rate(was_lead(world.scene, everyone)[sources], world.scene.profile.sales.lead_share)
    leads = world.feeds["leads"].merge(world.truth["lead"], on="lead_ref")
    assert leads["lead_ref"].is_unique
    converted = leads.dropna(subset=["person_id"])
    created = converted["created_at"].dt.as_unit("s").astype("int64").to_numpy()
    person = converted["person_id"].astype(int).to_numpy()
    day = (created - int(world.scene.market.epoch[-world.scene.market.first_day])) // 86_400
    assert (day <= world.scene.persons.arrived[person]).all()
    assert leads["person_id"].isna().sum() > 20


def test_opportunities_walk_through_the_stages_in_order(business: World) -> None:
    stages = business.feeds["opportunity_stages"].sort_values(["opportunity_ref", "entered_at"])
    place = stages["stage"].map(STAGES.index)
    same = stages["opportunity_ref"].eq(stages["opportunity_ref"].shift())
    assert same.sum() > 500
    assert (place[same] > place.shift()[same]).all()
    assert stages.groupby("opportunity_ref")["source_system"].nunique().max() == 1
    ended = stages["stage"].isin(["won", "lost"]).groupby(stages["opportunity_ref"]).sum()
    assert ended.max() == 1


def test_won_opportunities_end_in_an_order(business: World) -> None:
    stages = business.feeds["opportunity_stages"]
    won = stages[stages["stage"] == "won"]
    at = {
        ref: int(stamp)
        for life in business.lives
        for ref, stamp in zip(life.orders.ref.to_pylist(), life.orders.at, strict=True)
    }
    tied = won.dropna(subset=["order_ref"])
    assert len(tied) > 20
    stamp = tied["entered_at"].dt.as_unit("s").astype("int64")
    assert stamp.tolist() == [at[ref] for ref in tied["order_ref"]]


def test_lost_opportunities_reach_as_far_as_planted(business: World) -> None:
    stages = business.feeds["opportunity_stages"]
    lost = stages[stages["stage"] == "lost"]["opportunity_ref"]
    walked = stages[stages["opportunity_ref"].isin(lost) & (stages["stage"] != "lost")]
    whole = walked.groupby("opportunity_ref")["stage"].agg(set)
    whole = whole[[("lead" in seen) for seen in whole]]
    for stage, share in zip(STAGES[1:], business.scene.profile.sales.reach, strict=False):
        before = whole[[STAGES[STAGES.index(stage) - 1] in seen for seen in whole]]
        assert_rate([stage in seen for seen in before], share)


def test_devices_ask_for_a_refill_in_the_end() -> None:
    world = default_world()
    signals = world.feeds["device_signals"]
    section = world.scene.profile.devices
    assert set(signals["signal"]) == {"level", "refill_due"}
    assert set(signals.loc[signals["signal"] == "refill_due", "value"]) == {section.low_level}
    assert set(signals.loc[signals["signal"] == "level", "value"]) == set(section.levels)
    assert not signals.duplicated(["device_ref", "occurred_at", "signal"]).any()
    owners = world.truth["device"][["device_ref", "person_id"]].drop_duplicates()
    assert owners["device_ref"].is_unique, "a device has one owner"
