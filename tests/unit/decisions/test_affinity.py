from __future__ import annotations

import duckdb
import pytest

from dagster_project.decisions import DecisionPolicy, decide
from dagster_project.decisions.affinity import HIGHEST, PRIOR_LINES, affinity_of
from dagster_project.scoring import score_customers
from dagster_project.settings import Settings
from tests.unit.decisions.shop import AS_OF, Campaign, add_campaign, shop_with_history

POLICY = DecisionPolicy(time_zone="Europe/Rome")
REASON = (
    r"(Expected to add|Held out to measure the campaign; a contact was expected to add) \d+\.\d\d: \d\.\d{4} extra "
    r"orders of \d+\.\d\d \(\d+ % only brought forward\), less \d+\.\d\d for the offer, \d+\.\d\d for who is driven "
    r"off and \d+\.\d\d for the contact; he bought: [a-z]+\."
)


@pytest.mark.parametrize(
    ("category_lines", "lines", "share", "affinity"),
    [
        ("0", "0", "0.1", 1),
        ("null", "null", "0.1", 1),
        ("0", str(PRIOR_LINES), "0.1", 0.5),
        ("100", "100", "0.01", HIGHEST),
        ("null", "100", "null", 1),
    ],
)
def test_affinity_is_one_where_nothing_tells_a_customer_from_others(
    category_lines: str, lines: str, share: str, affinity: float
) -> None:
    sql = affinity_of(f"cast({category_lines} as bigint)", f"cast({lines} as bigint)", f"cast({share} as double)")
    assert duckdb.execute(f"select {sql}").fetchall() == [(affinity,)]


def test_who_buys_of_the_category_is_expected_to_answer_more(settings: Settings) -> None:
    shop = shop_with_history()
    add_campaign(shop, Campaign("N1", "Sale 2026"))
    add_campaign(shop, Campaign("N2", "Sale 2026"))
    shop.execute("insert into warehouse.dim_product values (1, null, 'shoes'), (2, null, 'hats')")
    shop.execute("update warehouse.fct_order_line set product_key = 1 + customer_id % 2")
    shop.execute("update warehouse.dim_campaign set target_category = 'shoes' where campaign_ref = 'N1'")
    score_customers(shop, AS_OF)
    decide(shop, settings, POLICY, AS_OF)
    profit = shop.execute("from decisions.campaign_customer_profit").df()
    profit = profit[(profit["channel_code"] == "email") & (profit["customer_band"] == "frequent")]
    best = (
        profit.assign(buys_shoes=profit["customer_id"] % 2 == 0).groupby(["campaign_ref", "buys_shoes"])["uplift"].max()
    )
    assert best["N1", True] > best["N2", False] > best["N1", False]
    # For who buys shoes, the campaign for everybody is the second contact, which does less.
    assert best["N2", True] == pytest.approx(best["N2", False] * (1 - POLICY.fatigue_share))
    reasons = shop.execute("from decisions.contact_plan").df()["reason"]
    assert reasons.str.fullmatch(REASON).all() and len(reasons) > 0
