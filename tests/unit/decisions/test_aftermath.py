from __future__ import annotations

import pandas as pd
import pytest

from dagster_project.decisions.aftermath import FORWARD_SHARE, Aftermath, estimate_aftermath
from dagster_project.decisions.uplift import estimate_uplift
from tests.unit.decisions.past import Past, catalogue

EFFECTS = {f"C{i}": 0.15 for i in range(40)}
NOBODY = pd.DataFrame(
    columns=["channel_code", "band", "contacts", "unsubscribed", "settled", "later_orders", "later_squares",
             "settled_unsubscribed", "unsubscribed_orders"]
)  # fmt: skip


def after(past: Past, leavers: pd.DataFrame = NOBODY) -> Aftermath:
    arms = past.arms(EFFECTS, 7)
    return estimate_aftermath(arms, leavers, catalogue(EFFECTS), estimate_uplift(arms, catalogue(EFFECTS)))


def leaver(channel: str, contacts: int, unsubscribed: int, kept: float) -> dict[str, object]:
    """Contacts through a channel; 1,000 customers order 2 each later, those who opted out `kept` each."""
    return {
        "channel_code": channel, "band": "recent", "contacts": contacts, "unsubscribed": unsubscribed, "settled": 1000,
        "later_orders": 2000.0, "later_squares": 6000.0, "settled_unsubscribed": unsubscribed,
        "unsubscribed_orders": unsubscribed * kept,
    }  # fmt: skip


def test_the_share_brought_forward_is_drawn_to_the_dip() -> None:
    none, much = after(Past(forward=0.0)), after(Past(forward=0.8))
    assert none.forward < after(Past(forward=0.35)).forward < much.forward
    assert none.forward_deviation < 0.6  # about a third without any look


def test_nothing_is_known_without_a_comparison() -> None:
    arms = Past(customers=6).arms(EFFECTS, 1)
    found = estimate_aftermath(arms, NOBODY, catalogue(EFFECTS), estimate_uplift(arms, catalogue(EFFECTS)))
    assert found.forward == FORWARD_SHARE
    assert found.leaving_by("email") == 0.0


def test_who_opts_out_and_orders_less_costs_a_share_of_the_future() -> None:
    some = pd.DataFrame([leaver("email", 20_000, 200, kept=0.5), leaver("call", 20_000, 800, kept=0.5)])
    found = after(Past(), some)
    # 1 % opt out and order a quarter of what others do: 0.75 % of the future of those contacted is lost.
    assert found.leaving_by("email") == pytest.approx(0.0075, rel=0.1)
    assert found.leaving_by("call") == pytest.approx(0.03, rel=0.1)
    assert found.leaving_by("email") < found.leaving_by("a new channel") < found.leaving_by("call")


def test_who_opts_out_and_orders_as_before_costs_nothing() -> None:
    found = after(Past(), pd.DataFrame([leaver("email", 20_000, 200, kept=2.0)]))
    assert found.leaving_by("email") == pytest.approx(0.0, abs=1e-3)
