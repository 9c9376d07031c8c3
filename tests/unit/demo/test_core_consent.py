"""What persons allow and what they answer comes at the planted rates, and contact pressure raises how many withdraw."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sources.companies.demo.codes import CHANNEL, RESPONSE
from tests.unit.demo.core_play import Played, play
from tests.unit.demo.life_world import assert_rate

YEAR, RECENT = 365, 28
OPT_OUT, PRESSURE = 0.03, 0.8


@cache
def _quiet() -> Played:
    """Give a world in which nobody is contacted."""
    return play(customers=6000, campaigns=[])


@cache
def _pressed() -> Played:
    """Give a world of past campaigns whose contacts annoy, and in which what somebody means to do shows nowhere."""
    odds = {"contacts__intent_odds": 1.0, "contacts__effect_odds": 1.0, "contacts__negative_share": 0.0}
    return play(customers=6000, consent__opt_out_per_contact=OPT_OUT, consent__pressure=PRESSURE, **odds)


@pytest.mark.parametrize("channel", ["email", "post", "sms"])
def test_consents_are_given_at_their_rates(channel: str) -> None:
    world = _quiet()
    section, consents = world.scene.profile.consent, world.life.consents
    asked = world.life.records.record % 8 == 0
    form = np.asarray(consents.evidence.to_pylist(), dtype=object) == "form"
    stated = form & (consents.purpose == 0) & (consents.channel == CHANNEL[channel])
    assert_rate(np.isin(world.life.records.record[asked], consents.record[stated]), 1 - section.unknown_share)
    assert_rate(consents.is_opt_in[stated], section.given_at_arrival[channel])


@pytest.mark.parametrize(("was_given", "key"), [(True, "opt_out_per_year"), (False, "opt_in_per_year")])
def test_minds_change_at_their_yearly_rate(was_given: bool, key: str) -> None:
    world = _quiet()
    consents, arrived = world.life.consents, np.maximum(world.scene.persons.arrived, 0)
    evidence = np.asarray(consents.evidence.to_pylist(), dtype=object)
    mine = (consents.purpose == 0) & (consents.channel == CHANNEL["email"]) & (consents.record % 8 == 0)
    mine &= arrived[consents.person] < world.scene.until - YEAR - 2
    stated = mine & (evidence == "form") & (consents.is_opt_in == was_given)
    within = consents.day <= arrived[consents.person] + YEAR
    changed = mine & (evidence == "account_settings") & (consents.is_opt_in != was_given) & within
    assert_rate(np.isin(consents.person[stated], consents.person[changed]), getattr(world.scene.profile.consent, key))


def test_contact_pressure_raises_opt_outs() -> None:
    """Hold the opt-outs after contacts that arrived against their rate at the contacts of the four weeks before."""
    world = _pressed()
    contacts, responses = world.life.contacts, world.life.responses
    arrived = np.zeros(len(contacts), dtype=bool)
    arrived[responses.contact[responses.kind == RESPONSE["delivered"]]] = True
    stopped = np.zeros(len(contacts), dtype=bool)
    stopped[responses.contact[responses.kind == RESPONSE["unsubscribed"]]] = True
    row = np.flatnonzero(arrived & (contacts.day < world.scene.until - 7))
    person, day = contacts.person[row], contacts.day[row].astype(np.int64)
    keys = np.sort(person * 4096 + day)
    recent = np.searchsorted(keys, person * 4096 + day) - np.searchsorted(keys, person * 4096 + day - RECENT, "right")
    recent = np.maximum(recent, 0)
    expected = OPT_OUT * (1 + PRESSURE * recent)
    assert stopped[row].sum() == pytest.approx(expected.sum(), abs=4 * np.sqrt(expected.sum()) + 0.03 * expected.sum())
    often, fresh = stopped[row][recent >= 1], stopped[row][recent == 0]
    assert len(often) > 1000
    assert_rate(fresh, OPT_OUT)
    assert often.mean() > 1.4 * fresh.mean()


@pytest.mark.parametrize("channel", ["email", "app"])
def test_contacts_are_opened_and_clicked_at_their_rates(channel: str) -> None:
    world = _pressed()
    contacts, responses = world.life.contacts, world.life.responses
    rates = world.scene.profile.contacts.channels[channel]
    row = np.flatnonzero(
        (contacts.channel == CHANNEL[channel]) & ~contacts.is_control & (contacts.day < world.scene.until - 14)
    )
    said = {
        kind: np.isin(row, responses.contact[responses.kind == RESPONSE[kind]])
        for kind in ("delivered", "opened", "clicked")
    }
    assert_rate(said["opened"][said["delivered"]], rates.open)
    assert_rate(said["clicked"][said["opened"]], rates.click)
    assert not said["opened"][~said["delivered"]].any()
