"""Persons and records: what the profile plants comes back from the truth, at its rates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sources.companies.demo import load_profile
from sources.companies.demo.codes import CHANNEL, SYSTEM, SYSTEMS
from sources.companies.demo.profile_core import ErrorRates
from sources.companies.demo.records import ERROR, has_error
from sources.companies.demo.simulation import set_scene
from tests.unit.demo.core_play import default_world, play, query


def _close(count: int, total: int, rate: float) -> bool:
    """Tell whether a count lies within four standard errors of a rate."""
    return abs(count - total * rate) <= 4 * np.sqrt(max(total * rate * (1 - rate), 1.0))


def test_persons_arrive_as_the_profile_says() -> None:
    world = default_world()
    section, persons = world.scene.profile.population, world.scene.persons
    there = persons.arrived[: section.persons]
    assert (persons.arrived < world.scene.profile.days).sum() == section.persons
    assert _close(int((there < 0).sum()), section.persons, section.share_on_day_one)
    later = np.sort(there[there >= 0])
    assert np.abs(later / world.scene.profile.days - (np.arange(len(later)) + 0.5) / len(later)).max() < 0.04


def test_households_have_their_sizes_and_one_address() -> None:
    world = default_world()
    persons, section = world.scene.persons, world.scene.profile.population
    sizes = np.bincount(np.bincount(persons.household[~persons.is_organisation]), minlength=7)[1:7]
    weights = np.array(section.household_sizes) / np.sum(section.household_sizes)
    for size, share in zip(sizes, weights, strict=True):
        assert _close(int(size), int(sizes.sum()), float(share))
    same = np.flatnonzero(persons.household[1:] == persons.household[:-1])
    assert (persons.street[same] == persons.street[same + 1]).all()
    assert (persons.house[same] == persons.house[same + 1]).all()


def test_kinship_is_planted_at_its_rates() -> None:
    profile = load_profile(customers=40_000)
    scene, planted = set_scene(profile, profile.end)
    persons, section = scene.persons, profile.population
    size = np.bincount(persons.household)
    heirs, twins = (planted[name].to_numpy(zero_copy_only=False) for name in ("is_heir", "is_twin"))
    assert _close(int(heirs.sum()), int((size >= 3).sum()), section.father_and_son_share)
    pairs = np.bincount(persons.household[twins])
    assert set(np.unique(pairs)) == {0, 2}
    fitting = (size >= 4).sum() * (1 - section.father_and_son_share)
    assert _close(int((pairs == 2).sum()), int(fitting), section.twins_share)
    first = np.flatnonzero(twins)[::2]
    assert (persons.birth[first] == persons.birth[first + 1]).all()
    assert ((persons.given[first] != persons.given[first + 1]) | (persons.sex[first] != persons.sex[first + 1])).all()
    namesakes = planted["namesake_of"].to_numpy()
    copies = np.flatnonzero(namesakes >= 0)
    assert 0.4 * section.namesakes_share < len(copies) / len(persons) <= 1.1 * section.namesakes_share
    assert (persons.given[copies] == persons.given[namesakes[copies]]).all()
    assert (persons.family[copies] == persons.family[namesakes[copies]]).all()
    assert (persons.household[copies] != persons.household[namesakes[copies]]).all()


def test_a_son_bears_his_fathers_name() -> None:
    world = default_world()
    persons = world.scene.persons
    for son in np.flatnonzero(world.planted["is_heir"].to_numpy(zero_copy_only=False)):
        father = son - 2
        assert persons.household[father] == persons.household[son]
        assert (persons.given[father], persons.family[father]) == (persons.given[son], persons.family[son])
        assert persons.birth[father] < persons.birth[son] - 15 * 365


def test_an_address_belongs_to_one_person_or_household() -> None:
    persons = default_world().scene.persons
    mine = pa.concat_arrays([persons.email.filter(pa.array(~persons.shares_email)), persons.other_email])
    assert len(pc.unique(mine)) == len(mine)
    phones = pa.concat_arrays([persons.phone.filter(pa.array(~persons.shares_phone)), persons.other_phone])
    assert len(pc.unique(phones)) == len(phones)


def test_latent_parameters_have_their_distributions() -> None:
    world = default_world()
    persons, buying = world.scene.persons, world.scene.profile.buying
    assert persons.rate.mean() == pytest.approx(buying.rate_shape / buying.rate_scale, rel=0.05)
    assert persons.dropout.mean() == pytest.approx(buying.dropout_a / (buying.dropout_a + buying.dropout_b), rel=0.08)
    assert persons.spend_rate.mean() == pytest.approx(buying.spend_mean_shape / buying.spend_scale, rel=0.05)
    contacts = world.scene.profile.contacts
    assert _close(int((persons.contact_response < 0).sum()), len(persons), contacts.negative_share)


@pytest.mark.parametrize("kind", sorted(set(ErrorRates.model_fields) - {"changed_email", "changed_phone"}))
def test_errors_come_at_their_rates(kind: str) -> None:
    world = default_world()
    records = world.life.records
    person = ~world.scene.persons.is_organisation[records.person]
    rate = getattr(world.scene.profile.records.errors, kind)
    for first, factor in ((True, 0.5), (False, 1.0)):
        rows = person & ((records.record % 8 == 0) == first)
        assert _close(int(has_error(records, kind)[rows].sum()), int(rows.sum()), rate * factor)


def test_second_accounts_are_in_a_system_where_the_person_is_already() -> None:
    records = default_world().life.records
    again = has_error(records, "second_account")
    key = records.person * 8 + records.system
    first = np.zeros(len(key), dtype=bool)
    first[np.unique(key, return_index=True)[1]] = True
    assert np.array_equal(again, ~first)
    later = records.record % 8 > 0
    assert 0.6 * 0.05 < again[later].mean() < 1.4 * 0.05


def test_the_truth_knows_every_record_of_the_feed() -> None:
    world = default_world()
    customers, truth = world.life.feeds["customers"], world.truth["person_record"]
    found = query(
        "select count(*) filter (where person_id is null), count(distinct (source_system, customer_ref)) "
        "from customers left join truth using (source_system, customer_ref)",
        customers=customers,
        truth=truth,
    )
    assert found == [(0, truth.num_rows)]


def test_versions_of_a_record_follow_one_another() -> None:
    customers = default_world().life.feeds["customers"]
    assert customers.num_rows > len(default_world().life.records.record) * 0.9
    wrong = query(
        "select count(*) from (select updated_at <= lag(updated_at) over w or registered_at > updated_at as wrong "
        "from customers window w as (partition by source_system, customer_ref order by _day, updated_at)) where wrong",
        customers=customers,
    )
    assert wrong == [(0,)]


def test_movers_and_the_married_tell_some_systems() -> None:
    customers = default_world().life.feeds["customers"]
    [(moved, married)] = query(
        "select avg(moved::int), avg(married::int) from (select count(distinct street) > 1 as moved, "
        "count(distinct family_name) > 1 as married from customers group by source_system, customer_ref) records",
        customers=customers,
    )
    assert 0.02 < moved < 0.12
    assert 0.001 < married < 0.03


def test_a_name_is_misspelt_by_one_letter() -> None:
    rated = [name for name in ERROR if name not in ("second_account", "phone_unusual")]
    clean = {f"records__errors__{name}": 0.0 for name in rated}
    clean["records__errors__missing_accent"] = 1.0  # DuckDB counts bytes: an accent would be two
    clean["records__count_weights"] = [0.0, 1.0]
    right = play(customers=1500, **clean)
    wrong = play(customers=1500, **(clean | {"records__errors__typo": 1.0}))
    distances = query(
        "select damerau_levenshtein(n.full_name, t.full_name) as far, count(*) from names n join typos t using "
        "(source_system, customer_ref, updated_at) group by 1",
        names=right.life.feeds["customers"],
        typos=wrong.life.feeds["customers"],
    )
    share = dict(distances)
    assert share[1] > 0.6 * sum(share.values())
    assert sum(count for far, count in share.items() if far > 1) < 0.02 * sum(share.values())


def test_systems_are_used_in_proportion() -> None:
    """A first account is where the person came from; those brought by others open one by the weights."""
    world = default_world()
    records, weights = world.life.records, world.scene.profile.records.system_weights
    source = world.scene.persons.source[records.person]
    brought = (records.record % 8 == 0) & np.isin(
        source, [CHANNEL[name] for name in ("advertising", "partner", "other")]
    )
    seen = np.bincount(records.system[brought], minlength=len(SYSTEMS))
    for code, name in enumerate(SYSTEMS):
        assert _close(int(seen[code]), int(seen.sum()), weights[name] / sum(weights.values()))
    by_app = (records.record % 8 == 0) & (source == CHANNEL["app"])
    assert (records.system[by_app] == SYSTEM["app"]).all()
