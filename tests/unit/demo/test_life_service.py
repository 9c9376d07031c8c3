from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from sources.companies.demo import texts
from sources.companies.demo.names import LANGUAGES
from tests.unit.demo.life_world import World, assert_rate, default_world, play

TEXTS = Path(texts.__file__).with_suffix(".yml")


@pytest.fixture(scope="module")
def busy() -> World:
    """A world in which half of the orders go wrong."""
    return play(population__persons=1000, aftercare__case_rate=0.5, web__tracked_share=0, network__account_share=0.3)


@pytest.fixture(scope="module")
def last(busy: World) -> pd.DataFrame:
    """Each case as it is known in the end, with the truth."""
    cases = busy.feeds["service_cases"].sort_values("updated_at").groupby("case_ref").tail(1)
    return cases.merge(busy.truth["service_case"], on="case_ref", suffixes=("", "_true"))


def test_cases_come_at_the_rate_per_order(busy: World) -> None:
    asked = np.concatenate([life.orders.has_case for life in busy.lives])
    assert_rate(asked, 0.5)
    orders = busy.truth["service_case"]["order_ref"].dropna()
    assert orders.is_unique
    assert len(orders) == pytest.approx(asked.sum(), rel=0.02), "all but those opened after the end"


def test_a_case_is_told_in_versions(busy: World) -> None:
    cases = busy.feeds["service_cases"].sort_values(["case_ref", "updated_at"])
    assert not cases.duplicated(["case_ref", "updated_at"]).any()
    solved = cases["resolved_at"].notna()
    assert (cases.loc[solved, "first_response_at"] <= cases.loc[solved, "resolved_at"]).all()
    answered = cases["first_response_at"].notna()
    assert (cases.loc[answered, "opened_at"] <= cases.loc[answered, "first_response_at"]).all()
    assert cases.loc[~solved, "satisfaction_score"].isna().all(), "nobody is asked before his case is solved"
    following = cases["case_ref"].eq(cases["case_ref"].shift())
    assert following.mean() > 0.2
    assert (cases["updated_at"][following] > cases["updated_at"].shift()[following]).all()


def test_resolution_time_differs_by_channel_as_planted(last: pd.DataFrame, busy: World) -> None:
    factor = busy.scene.profile.service.hours_factor
    hours = (last["resolved_at"] - last["opened_at"]).dt.total_seconds() / 3600
    typical = hours.groupby(last["channel"]).median()
    ratio = typical["email"] / typical["call_centre"]
    assert 1.5 < ratio < 2 * factor["email"] / factor["call_centre"]


def test_delay_lowers_satisfaction(last: pd.DataFrame) -> None:
    hours = (last["resolved_at"] - last["opened_at"]).dt.total_seconds() / 3600
    after = last["order_ref_true"].notna() & hours.notna()
    slow, fast = after & (hours > 96), after & (hours < 12)
    assert last.loc[fast, "satisfaction"].mean() - last.loc[slow, "satisfaction"].mean() > 0.5
    assert last.loc[fast, "satisfaction_score"].mean() > last.loc[slow, "satisfaction_score"].mean() + 0.4
    assert last.loc[fast, "recommend_score"].mean() > last.loc[slow, "recommend_score"].mean() + 1


def test_the_survey_and_complaint_shares_return(last: pd.DataFrame, busy: World) -> None:
    section = busy.scene.profile.service
    solved = last["resolved_at"].notna()
    assert_rate(last.loc[solved, "satisfaction_score"].notna(), section.survey_share)
    about_three = (last["satisfaction"].sub(3).abs() < 0.25) & last["order_ref_true"].notna()
    assert_rate(last.loc[about_three, "is_complaint"].astype(bool), section.complaint_share)


def test_who_is_not_known_leaves_an_address(busy: World) -> None:
    contacts = pd.concat([busy.feeds["contacts"], busy.feeds["service_cases"]])
    unknown = contacts[contacts["customer_ref"].isna()]
    addresses = unknown[["email", "phone", "handle"]].notna().sum(axis=1)
    assert addresses.max() == 1
    reachable = ~unknown["channel"].isin(["post", "face_to_face", "store", "partner"])
    assert (addresses[reachable] == 1).all()
    assert (unknown.loc[unknown["channel"] == "call_centre", "phone"].notna()).all()
    assert contacts.loc[contacts["customer_ref"].notna(), ["email", "phone", "handle"]].isna().all(axis=None)


def test_kinds_of_contacts_come_at_their_rates() -> None:
    world = default_world()
    years = _years_of_customers(world)
    people = ~np.isin(np.arange(len(world.scene.persons)), np.flatnonzero(world.scene.persons.is_organisation))
    kind = world.scene.profile.touchpoints.kinds["delivery_message"]
    contacts = world.feeds["contacts"].merge(world.truth["contact"], on="contact_ref")
    sent = contacts[contacts["purpose"] == kind.purpose]
    count = people[sent["person_id"]].sum()
    expected = kind.per_year * years[people].sum()
    assert count == pytest.approx(expected, abs=4 * np.sqrt(expected))


def _years_of_customers(world: World) -> np.ndarray:
    left = np.concatenate([life.left for life in world.lives])
    begin = np.maximum(world.scene.persons.arrived, 0)
    return np.maximum(np.minimum(left + 1, world.scene.until) - begin, 0) / 365.25


def test_every_order_by_phone_is_a_call(busy: World) -> None:
    calls = busy.feeds["contacts"]
    calls = calls[(calls["purpose"] == "order") & (calls["channel"] == "call_centre")]
    placed = sum(int((life.orders.channel == 0).sum()) for life in busy.lives)
    assert len(calls) == placed > 100
    assert (calls["ended_at"] > calls["occurred_at"]).all()
    assert (calls["cost"] > 0).all()


def test_texts_are_in_the_language_of_the_writer(busy: World, last: pd.DataFrame) -> None:
    templates = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))["service"]
    language = np.array(LANGUAGES)[busy.scene.persons.language[last["person_id"]]]
    for name in ("it", "de", "en"):
        mine = last[language == name]
        assert len(mine) > 20
        known = [text.split("{product}") for topic in templates[name].values() for text in topic]
        fits = [any(text.startswith(a) and b in text for a, b in known) for text in mine["text"]]
        assert all(fits)


def test_some_texts_give_an_address_away(busy: World, last: pd.DataFrame) -> None:
    """So that masking free text has something to find."""
    personal = last["text"].str.contains(r"@|\+\d{6}", regex=True)
    assert_rate(personal, busy.scene.profile.service.personal_text_share)
