from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from sources.companies.demo import texts
from sources.companies.demo.holidays import calendar
from sources.companies.demo.market import at_day
from sources.companies.demo.names import LANGUAGES
from tests.unit.demo.life_world import World, assert_rate, default_world, play

TALKS = ("call_centre", "store")
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
    typical = last["solve_hours"].groupby(last["channel"]).median()
    ratio = typical["email"] / typical["call_centre"]
    assert 1.5 < ratio < 2 * factor["email"] / factor["call_centre"]


def test_median_hours_return(busy: World) -> None:
    """Take each day's load off the hours; the median of a normal sample has 1.25 times the error of its mean."""
    care = busy.scene.profile.aftercare
    for life in busy.lives:
        orders, asked = life.orders, life.orders.has_case
        load = at_day(busy.scene.market, busy.scene.market.service_load, orders.day[asked].astype(np.int64))
        logs = np.log(orders.case_solve_hours[asked] / care.solve_hours) - care.load_exponent * np.log(load)
        assert np.median(logs) == pytest.approx(0, abs=4 * 1.25 * care.hours_spread / np.sqrt(len(logs)))
        assert logs.std() == pytest.approx(care.hours_spread, rel=4 / np.sqrt(2 * len(logs)))
        assert load.std() > 0.1


def test_the_teams_work_in_business_hours(last: pd.DataFrame) -> None:
    """Read the company's own hours and count its holidays apart from how the world does it."""
    for name in ("first_response_at", "resolved_at"):
        assert _at_work(last[name].dropna()).all()
    asks_somebody = last["channel"].isin(TALKS)
    assert _at_work(last.loc[asks_somebody, "opened_at"]).all()
    assert 0.2 < _at_work(last.loc[~asks_somebody, "opened_at"]).mean() < 0.5, "who writes does so at any hour"


def test_the_hours_of_a_case_are_those_of_the_business(last: pd.DataFrame) -> None:
    sample = last[last["resolved_at"].notna()].head(150)
    for end, hours in (("first_response_at", "reply_hours"), ("resolved_at", "solve_hours")):
        minutes = [
            _at_work(pd.Series(pd.date_range(a, b, freq="1min"))).sum()
            for a, b in zip(sample["opened_at"], sample[end], strict=True)
        ]
        assert np.array(minutes) / 60 == pytest.approx(sample[hours].to_numpy(), abs=0.1)


def _at_work(instants: pd.Series) -> pd.Series:
    local = instants.dt.tz_convert("Europe/Rome")
    company = yaml.safe_load((Path(texts.__file__).parent / "company.yml").read_text(encoding="utf-8"))
    hours = {day: text.split("-") for day, text in company["business_hours"].items()}
    names, clock = local.dt.day_name().str.lower(), local.dt.strftime("%H:%M:%S")
    opens, closes = (names.map({day: f"{pair[end]}:00" for day, pair in hours.items()}) for end in (0, 1))
    holidays = {day for year in (2024, 2025, 2026, 2027) for day, _, public in calendar("IT", year) if public}
    return (clock >= opens) & (clock <= closes) & ~local.dt.date.isin(holidays)


def test_delay_lowers_satisfaction(last: pd.DataFrame) -> None:
    after = last["order_ref_true"].notna() & last["solve_hours"].notna()
    slow, fast = after & (last["solve_hours"] > 32), after & (last["solve_hours"] < 4)
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
