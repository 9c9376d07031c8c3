from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dagster_project.decisions.campaigns import campaign_family
from dagster_project.decisions.comparison import compare
from dagster_project.decisions.uplift import estimate_uplift
from tests.unit.decisions.past import Past, catalogue


def test_equal_campaigns_are_pooled_and_the_interval_holds_the_truth() -> None:
    hits = 0
    for seed in range(20):
        effects = {f"C{i}": 0.05 for i in range(6)}
        model = estimate_uplift(Past(customers=800).arms(effects, seed), catalogue(effects))
        mean, variance = model.predict("C0", "retain", "email")
        assert model.evidence("C0", "retain", "email") == "own"
        hits += abs(mean - 0.05) < 1.645 * variance**0.5
    assert hits >= 14


def test_shrinkage_errs_less_than_the_raw_differences() -> None:
    generator = np.random.default_rng(3)
    effects = {f"C{i}": float(generator.normal(0.05, 0.02)) for i in range(30)}
    table = Past(customers=600).arms(effects, seed=4)
    model = estimate_uplift(table, catalogue(effects))
    raw = compare(table).groupby("campaign_ref")["difference"].mean()
    raw_error = np.mean([(raw[ref] - true) ** 2 for ref, true in effects.items()])
    error = np.mean([(model.predict(ref, "retain", "email")[0] - true) ** 2 for ref, true in effects.items()])
    assert error < 0.7 * raw_error


def test_the_best_campaign_is_not_expected_to_be_better_than_it_is() -> None:
    """The winner's curse: what is expected of the campaign that looks best is not more than it has."""
    promised, kept = 0.0, 0.0
    for seed in range(25):
        generator = np.random.default_rng(seed)
        effects = {f"C{i}": float(generator.normal(0.03, 0.02)) for i in range(10)}
        model = estimate_uplift(Past(customers=600).arms(effects, seed), catalogue(effects))
        expected = {ref: model.predict(ref, "retain", "email")[0] for ref in effects}
        best = max(expected, key=lambda ref: expected[ref])
        promised, kept = promised + expected[best], kept + effects[best]
    assert 0.4 * kept < promised < 1.1 * kept


def test_without_any_effect_hardly_any_is_expected() -> None:
    expected, chances = [], []
    for seed in range(20):
        effects = {f"C{i}": 0.0 for i in range(10)}
        model = estimate_uplift(Past(customers=1000).arms(effects, seed), catalogue(effects))
        expected.append(model.predict("C0", "retain", "email")[0])
        chances.append(model.null_chance)
    assert abs(float(np.mean(expected))) < 0.004
    assert float(np.median(chances)) > 0.5
    clear = {f"C{i}": 0.08 for i in range(10)}
    assert estimate_uplift(Past().arms(clear, 1), catalogue(clear)).null_chance < 1e-6


def test_an_unseen_campaign_takes_its_objective_and_an_unseen_objective_everybody() -> None:
    retain, win_back = {f"R{i}": 0.02 for i in range(5)}, {f"W{i}": 0.2 for i in range(5)}
    table = pd.concat([Past().arms(retain, 1), Past().arms(win_back, 2)])
    names = pd.concat([catalogue(retain), catalogue(win_back, "win_back")])
    model = estimate_uplift(table, names)
    low, high, middle = (model.predict("new", objective, "email") for objective in ("retain", "win_back", "care"))
    assert low[0] == pytest.approx(0.02, abs=0.02)
    assert high[0] == pytest.approx(0.2, abs=0.03)
    assert low[0] < middle[0] < high[0]
    assert middle[1] > high[1]
    assert model.evidence("new", "retain", "email") == "objective_and_channel"
    assert model.evidence("new", "care", "email") == "all_campaigns"


def test_bands_differ_only_as_far_as_the_data_say() -> None:
    effects = {f"C{i}": 0.08 for i in range(10)}
    gaps = []
    for offset in (0.0, 0.05):
        model = estimate_uplift(Past(offset=offset).arms(effects, 5), catalogue(effects))
        recent, dormant = (model.predict("C0", "retain", "email", band)[0] for band in ("recent", "dormant"))
        gaps.append(recent - dormant)
    assert gaps[0] == pytest.approx(0.0, abs=0.03)
    assert gaps[1] == pytest.approx(0.1, abs=0.04)


def test_the_slope_on_affinity_follows_the_facts() -> None:
    effects = {f"C{i}": 0.1 for i in range(12)}
    steep, flat = (
        estimate_uplift(Past(slope=slope).arms(effects, 1), catalogue(effects)).slope()[0] for slope in (0.1, 0.001)
    )
    assert steep == pytest.approx(0.1, abs=0.03)
    assert flat == pytest.approx(0.0, abs=0.03)


def test_too_few_controls_are_no_evidence() -> None:
    table = Past(customers=9).arms({"A": 0.1}, 1)
    model = estimate_uplift(table, catalogue({"A": 0.0}))
    assert model.evidence("A", "retain", "email") == "none"
    assert math.isnan(model.predict("A", "retain", "email")[0])


@pytest.mark.parametrize(
    ("name", "family"),
    [("Summer sale 2024", "summer sale"), ("SUMMER SALE 26", "summer sale"), (None, "C9"), ("24", "C9")],
)
def test_years_do_not_make_another_campaign(name: str | None, family: str) -> None:
    assert campaign_family(name, "C9") == family
