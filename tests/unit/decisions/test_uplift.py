from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dagster_project.decisions.campaigns import campaign_family
from dagster_project.decisions.uplift import between_variance, compare_cells, estimate_uplift


def arms(effects: dict[str, float], seed: int, customers: int = 3000, offset: float = 0.0) -> pd.DataFrame:
    """Cells of campaigns with these true effects; the band 'recent' buys more often, and gains `offset` more."""
    generator = np.random.default_rng(seed)
    rows = []
    for ref, effect in effects.items():
        for band, base, more in (("recent", 0.4, offset), ("dormant", 0.1, -offset)):
            for is_control, count in ((False, customers), (True, customers // 3)):
                orders = generator.poisson(base + (0 if is_control else effect + more), count)
                rows.append(
                    (
                        ref,
                        None if is_control else "email",
                        band,
                        is_control,
                        count,
                        float(orders.sum()),
                        float((orders**2).sum()),
                    )
                )
    return pd.DataFrame(
        rows, columns=["campaign_ref", "channel_code", "band", "is_control", "customers", "orders", "squares"]
    )


def catalogue(refs: dict[str, float], objective: str = "retain") -> pd.DataFrame:
    return pd.DataFrame({"campaign_ref": list(refs), "family": list(refs), "objective": objective})


def test_differences_are_contacted_less_control_within_a_band() -> None:
    table = pd.DataFrame(
        [("A", "email", "recent", False, 100, 30.0, 40.0), ("A", None, "recent", True, 50, 10.0, 10.0),
         ("A", "post", "recent", False, 10, 1.0, 1.0), ("B", "email", "recent", False, 99, 9.0, 9.0)],
        columns=["campaign_ref", "channel_code", "band", "is_control", "customers", "orders", "squares"],
    )  # fmt: skip
    cells = compare_cells(table).set_index("channel_code")
    assert cells["difference"].to_dict() == pytest.approx({"email": 0.1, "post": -0.1})
    assert set(cells["campaign_ref"]) == {"A"}
    assert cells.loc["email", "variance"] < cells.loc["post", "variance"]


def test_controls_with_a_channel_are_held_against_their_own_channel() -> None:
    table = pd.DataFrame(
        [("A", "email", "recent", False, 100, 30.0, 30.0), ("A", "email", "recent", True, 50, 10.0, 10.0),
         ("A", "post", "recent", False, 100, 50.0, 50.0), ("A", "post", "recent", True, 50, 20.0, 20.0)],
        columns=["campaign_ref", "channel_code", "band", "is_control", "customers", "orders", "squares"],
    )  # fmt: skip
    cells = compare_cells(table).set_index("channel_code")
    assert cells["difference"].to_dict() == pytest.approx({"email": 0.1, "post": 0.1})


def test_equal_campaigns_are_pooled_and_the_interval_holds_the_truth() -> None:
    hits = 0
    for seed in range(20):
        effects = {f"C{i}": 0.05 for i in range(6)}
        model = estimate_uplift(arms(effects, seed, customers=800), catalogue(effects))
        mean, variance, evidence = model.predict("C0", "retain", "email")
        assert evidence == "own"
        assert mean is not None
        hits += abs(mean - 0.05) < 1.645 * variance**0.5
    assert hits >= 14


def test_shrinkage_errs_less_than_the_raw_differences() -> None:
    generator = np.random.default_rng(3)
    effects = {f"C{i}": float(generator.normal(0.05, 0.02)) for i in range(30)}
    table = arms(effects, seed=4, customers=600)
    model = estimate_uplift(table, catalogue(effects))
    cells = compare_cells(table).groupby("campaign_ref")["difference"].mean()
    drawn = {ref: model.predict(ref, "retain", "email")[0] for ref in effects}
    raw_error = np.mean([(cells[ref] - true) ** 2 for ref, true in effects.items()])
    error = np.mean([(float(drawn[ref] or 0) - true) ** 2 for ref, true in effects.items()])
    assert error < 0.7 * raw_error


def test_an_unseen_campaign_takes_its_objective_and_an_unseen_objective_everybody() -> None:
    retain, win_back = {f"R{i}": 0.02 for i in range(5)}, {f"W{i}": 0.2 for i in range(5)}
    table = pd.concat([arms(retain, 1), arms(win_back, 2)])
    names = pd.concat([catalogue(retain), catalogue(win_back, "win_back")])
    model = estimate_uplift(table, names)
    low, high, middle = (model.predict("new", o, "email") for o in ("retain", "win_back", "care"))
    assert low[0] == pytest.approx(0.02, abs=0.02)
    assert high[0] == pytest.approx(0.2, abs=0.03)
    assert (low[2], middle[2]) == ("objective_and_channel", "all_campaigns")
    assert low[0] < middle[0] < high[0]  # type: ignore[operator]
    assert middle[1] > high[1]


def test_bands_differ_only_as_far_as_the_data_say() -> None:
    effects = {f"C{i}": 0.08 for i in range(10)}
    alike = estimate_uplift(arms(effects, 5), catalogue(effects)).bands["mean"]
    apart = estimate_uplift(arms(effects, 5, offset=0.05), catalogue(effects)).bands["mean"]
    assert alike.abs().max() < 0.015
    assert apart["recent"] == pytest.approx(0.05, abs=0.02)
    assert apart["dormant"] == pytest.approx(-0.05, abs=0.02)


def test_too_few_controls_are_no_evidence() -> None:
    table = pd.DataFrame(
        [("A", "email", "recent", False, 100, 30.0, 40.0), ("A", None, "recent", True, 3, 1.0, 1.0)],
        columns=["campaign_ref", "channel_code", "band", "is_control", "customers", "orders", "squares"],
    )
    model = estimate_uplift(table, catalogue({"A": 0.0}))
    assert model.predict("A", "retain", "email")[::2] == (None, "none")


def test_no_variance_shows_between_equal_means() -> None:
    rows = pd.DataFrame({"mean": [0.1, 0.1, 0.1], "variance": [0.01, 0.02, 0.03]})
    group = [pd.Series(0, index=rows.index)]
    assert between_variance(rows, group) == 0
    assert between_variance(rows.assign(mean=[0.0, 5.0, 10.0]), group) > 10


@pytest.mark.parametrize(
    ("name", "family"),
    [("Summer sale 2024", "summer sale"), ("SUMMER SALE 26", "summer sale"), (None, "C9"), ("24", "C9")],
)
def test_years_do_not_make_another_campaign(name: str | None, family: str) -> None:
    assert campaign_family(name, "C9") == family
