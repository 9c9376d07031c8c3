from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dagster_project.decisions.comparison import compare, compare_slopes
from tests.unit.decisions.past import Past

NO_PAST = {"covariate": 0.0, "covariate_squares": 0.0, "products": 0.0}


def arm(
    ref: str, channel: str | None, is_control: bool, customers: int, orders: float, squares: float
) -> dict[str, object]:
    return {
        "campaign_ref": ref, "channel_code": channel, "band": "recent", "is_control": is_control,
        "customers": customers, "orders": orders, "squares": squares, **NO_PAST,
    }  # fmt: skip


def test_differences_are_contacted_less_control_within_a_band() -> None:
    table = pd.DataFrame([
        arm("A", "email", False, 100, 30.0, 40.0), arm("A", None, True, 50, 10.0, 10.0),
        arm("A", "post", False, 10, 1.0, 1.0), arm("B", "email", False, 99, 9.0, 9.0),
    ])  # fmt: skip
    cells = compare(table).set_index("channel_code")
    assert cells["difference"].to_dict() == pytest.approx({"email": 0.1, "post": -0.1})
    assert set(cells["campaign_ref"]) == {"A"}
    assert cells.loc["email", "variance"] < cells.loc["post", "variance"]


def test_controls_with_a_channel_are_held_against_their_own_channel() -> None:
    table = pd.DataFrame([
        arm("A", "email", False, 100, 30.0, 30.0), arm("A", "email", True, 50, 10.0, 10.0),
        arm("A", "post", False, 100, 50.0, 50.0), arm("A", "post", True, 50, 20.0, 20.0),
    ])  # fmt: skip
    cells = compare(table).set_index("channel_code")
    assert cells["difference"].to_dict() == pytest.approx({"email": 0.1, "post": 0.1})


def test_what_was_ordered_before_takes_noise_out() -> None:
    """The standard errors are as wide as the errors, and narrower than those that do without the past."""
    errors, plain_errors, claimed = [], [], []
    for seed in range(60):
        table = Past(customers=900).arms({"A": 0.05}, seed)
        cells = compare(table)
        errors.extend(cells["difference"] - 0.05)
        plain_errors.extend(compare(table.assign(**NO_PAST))["difference"] - 0.05)
        claimed.extend(cells["variance"])
    assert np.var(errors) < 0.95 * np.var(plain_errors)
    assert np.mean(claimed) == pytest.approx(np.var(errors), rel=0.4)


def test_no_control_is_no_comparison() -> None:
    assert compare(pd.DataFrame([arm("A", "email", False, 100, 30.0, 40.0)])).empty


def test_the_slope_on_affinity_is_the_planted_one() -> None:
    found = compare_slopes(Past(slope=0.1).arms({f"C{i}": 0.1 for i in range(12)}, 1))
    mean = float(np.average(found["slope"], weights=1 / found["variance"]))
    assert mean == pytest.approx(0.1, abs=3 * float((1 / (1 / found["variance"]).sum()) ** 0.5))
    assert compare_slopes(Past().arms({"C": 0.1}, 1)).empty
