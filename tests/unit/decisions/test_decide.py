from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import duckdb
import pandas as pd
import pytest

from dagster_project.decisions import TABLES, DecisionPolicy, decide, violations
from dagster_project.scoring import score_customers
from dagster_project.settings import Settings
from tests.unit.decisions.shop import (
    AS_OF,
    CHANNELS,
    EFFECT,
    START,
    Campaign,
    add,
    add_campaign,
    add_customers,
    empty_shop,
    key,
    shop_with_history,
)  # fmt: skip

POLICY = DecisionPolicy(time_zone="Europe/Rome")


def table(connection: duckdb.DuckDBPyConnection, name: str) -> pd.DataFrame:
    return connection.execute(f"from decisions.{name} order by all").df()


def test_a_company_of_order_lines_alone_gets_empty_tables_and_a_note(settings: Settings) -> None:
    shop = empty_shop()
    add_customers(shop, 50)
    score_customers(shop, AS_OF)
    report = decide(shop, settings, POLICY, AS_OF)
    assert "no campaign" in report.notes[0]
    assert all(table(shop, name).empty for name in TABLES if name != "decision_policy")
    assert violations(shop) == []


def test_a_planned_campaign_is_ranked_and_planned_within_its_limits(settings: Settings) -> None:
    shop = shop_with_history()
    add_campaign(shop, Campaign("N1", "Sale 2026", budget=60.0))
    add_campaign(shop, Campaign("N2", "Win back", objective="win_back", budget=200.0))
    score_customers(shop, AS_OF)
    report = decide(shop, settings, POLICY, AS_OF)
    assert violations(shop) == []
    listed = report.priority.set_index("campaign_ref")
    assert set(listed["list_kind"]) == {"planned"}
    assert listed.loc["N1", "evidence"] == "own"
    assert listed.loc["N2", "evidence"] == "all_campaigns"
    assert list(report.priority["rank"]) == [1, 2]
    assert report.priority["expected_profit_amount"].is_monotonic_decreasing
    plan = table(shop, "contact_plan")
    made = plan[~plan["is_control"]]
    for ref, row in listed.iterrows():
        contacts = made[made["campaign_ref"] == ref]
        assert len(contacts) == row["contact_count"] > 0
        fixed = sum({"email": 10.0, "post": 20.0}[c] for c in contacts["channel_code"].unique())
        assert contacts["contact_cost_amount"].sum() + fixed == pytest.approx(row["cost_amount"])
        assert contacts["expected_profit_amount"].sum() - fixed == pytest.approx(
            row["expected_profit_amount"], abs=0.05
        )
    assert plan["planned_hour"].between(9, 19).all()
    assert plan["plan_ref"].is_unique


def test_the_uplift_is_the_planted_one(settings: Settings) -> None:
    shop = shop_with_history(customers=1500)
    add_campaign(shop, Campaign("N1", "Sale 2026"))
    report = decide(shop, settings, POLICY, AS_OF)
    assert report.uplift is not None
    mean, variance = report.uplift.predict("sale", "retain", "email")
    evidence = report.uplift.evidence("sale", "retain", "email")
    assert evidence == "own"
    assert mean == pytest.approx(EFFECT, abs=3 * variance**0.5)
    assert variance**0.5 < 0.03


def test_deciding_twice_changes_nothing_and_controls_stay_on_later_days(settings: Settings) -> None:
    shop = shop_with_history()
    add_campaign(shop, Campaign("N1", "Sale 2026", ends=AS_OF + timedelta(days=30)))
    decide(shop, settings, POLICY, AS_OF)
    first = {name: table(shop, name) for name in TABLES}
    decide(shop, settings, POLICY, AS_OF)
    for name, rows in first.items():
        pd.testing.assert_frame_equal(table(shop, name), rows)
    decide(shop, settings, POLICY, AS_OF + timedelta(days=1))
    plan = table(shop, "contact_plan")
    arms = plan.groupby(["campaign_ref", "customer_id"])["is_control"].nunique()
    assert arms.max() == 1
    assert set(plan["as_of_date"].dt.date) == {AS_OF, AS_OF + timedelta(days=1)}
    today = plan[plan["as_of_date"].dt.date == AS_OF]
    assert today["is_control"].mean() == pytest.approx(0.2, abs=0.07)
    assert set(table(shop, "control_group")["customer_id"]) == set(plan.loc[plan["is_control"], "customer_id"])


def test_campaigns_of_the_past_are_candidates_to_repeat_and_nobody_is_contacted(settings: Settings) -> None:
    shop = shop_with_history()
    report = decide(shop, settings, POLICY, AS_OF)
    assert set(report.priority["list_kind"]) == {"repeat_candidate"}
    assert (report.priority["expected_profit_amount"] > 0).all()
    assert report.priority["reason"].str.contains("repeat").all()
    assert (report.priority["contact_count"] == 0).all()
    assert table(shop, "contact_plan").empty
    assert len(table(shop, "campaign_customer_profit")) > 0
    assert "candidates to repeat" in report.notes[0]


def test_a_campaign_without_a_cost_says_so_and_has_no_profit(settings: Settings) -> None:
    shop = shop_with_history()
    add_campaign(shop, Campaign("N1", "Sale 2026", channels={"email": (None, None, None)}))
    add_campaign(shop, Campaign("N2", "Sale 2027", channels={}))
    report = decide(shop, settings, POLICY, AS_OF)
    assert not report.priority["is_cost_known"].any()
    assert report.priority["expected_profit_amount"].isna().all()
    assert report.priority["reason"].str.contains("cost of a contact is not known").all()
    assert table(shop, "contact_plan").empty


def test_a_company_without_controls_says_so_and_has_no_profit(settings: Settings) -> None:
    shop = shop_with_history()
    shop.execute("update warehouse.fct_campaign_contact set is_control = false, is_responded = customer_id % 10 = 0")
    add_campaign(shop, Campaign("N1", "Sale 2026"))
    report = decide(shop, settings, POLICY, AS_OF)
    row = report.priority.iloc[0]
    assert (row["evidence"], bool(row["is_control_known"])) == ("none", False)
    assert pd.isna(row["expected_profit_amount"])
    assert "never held against a control" in row["reason"] or "ever held against a control" in row["reason"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda s: s.execute("update warehouse.dim_customer set is_deleted = true where customer_id = 1"), "deleted"),
        (lambda s: s.execute("update warehouse.dim_customer set birth_year = 2008 where customer_id = 1"), "minor"),
        (
            lambda s: add(s, "fct_service_case", [(1, 20260620, True, START - timedelta(days=9), None)]),
            "open_complaint",
        ),
        (
            lambda s: add(s, "fct_touchpoint", [(1, "contact", 20260628, "outbound", "marketing", 1)] * 4),
            "contact_limit",
        ),
        (
            lambda s: add(s, "fct_campaign_contact", [
                (f"B{channel}", 1, "P0", channel, None, False, False, False, 20260630, 0, 0,
                 START - timedelta(days=2), None, START - timedelta(days=1), None, None)
                for channel in CHANNELS.values()
            ]),
            "bounced",
        ),
    ],
)  # fmt: skip
def test_the_suppressed_are_left_alone(
    settings: Settings, spoil: Callable[[duckdb.DuckDBPyConnection], object], reason: str
) -> None:
    shop = shop_with_history(300)
    add_campaign(shop, Campaign("N1", "Sale 2026", control=0.0))
    decide(shop, settings, POLICY, AS_OF)
    assert 1 in set(table(shop, "contact_plan")["customer_id"])
    spoil(shop)
    decide(shop, settings, POLICY, AS_OF)
    assert 1 not in set(table(shop, "contact_plan")["customer_id"])
    assert reason in set(table(shop, "suppression").query("customer_id == 1")["reason"])
    assert violations(shop) == []


def test_consent_is_kept_as_of_the_planned_hour(settings: Settings) -> None:
    shop = shop_with_history(300)
    add_campaign(shop, Campaign("N1", "Sale 2026", control=0.0, channels={"email": (0.05, 0.0, None)}))
    leaves = START + timedelta(days=3)
    shop.execute("update warehouse.fct_consent set valid_to = ? where customer_id <= 100", [leaves])
    add(
        shop,
        "fct_consent",
        [(i, "email", "marketing", False, leaves, START + timedelta(days=9999)) for i in range(1, 101)],
    )
    shop.execute("update warehouse.fct_consent set is_permitted = false where customer_id between 101 and 150")
    decide(shop, settings, POLICY, AS_OF)
    plan = table(shop, "contact_plan")
    assert violations(shop) == []
    assert not set(plan["customer_id"]) & {i for i in range(1, 301) if i % 4 == 0 or 101 <= i <= 150}
    leaving = plan[plan["customer_id"] <= 100]
    assert len(leaving) > 0
    assert (leaving["planned_on"].dt.date <= leaves.date()).all()


def test_post_needs_no_opt_in_and_obeys_an_opt_out(settings: Settings) -> None:
    shop = shop_with_history(300)
    add_campaign(shop, Campaign("N1", "Sale 2026", control=0.0, channels={"post": (0.1, 0.0, None)}))
    add(shop, "fct_consent", [(4, "post", "marketing", False, START - timedelta(days=5), START + timedelta(days=9999))])
    decide(shop, settings, POLICY, AS_OF)
    planned = set(table(shop, "contact_plan")["customer_id"])
    assert 8 in planned
    assert 4 not in planned
    assert violations(shop) == []


def test_only_members_of_the_segment_are_eligible(settings: Settings) -> None:
    shop = shop_with_history(300)
    day = key(AS_OF)
    add(shop, "fct_segment_membership", [
        (1, "vip", 20260101, -1, None), (2, "vip", 20260101, day, AS_OF), (3, "vip", 20260801, -1, None),
    ])  # fmt: skip
    add_campaign(
        shop, Campaign("N1", "Sale 2026", control=0.0, eligibility="vip", channels={"email": (0.05, 0.0, None)})
    )
    add_campaign(shop, Campaign("N2", "Sale 2027", eligibility="no such segment"))
    add_campaign(shop, Campaign("N3", "Sale 2028", eligibility="all"))
    report = decide(shop, settings, POLICY, AS_OF)
    listed = report.priority.set_index("campaign_ref")
    assert set(table(shop, "contact_plan").query("campaign_ref == 'N1'")["customer_id"]) == {1}
    assert listed.loc["N1", "eligible_count"] == 1
    assert "unknown segment no such segment" in listed.loc["N2", "reason"]
    assert listed.loc["N3", "eligible_count"] == 300


def test_a_budget_that_binds_has_a_price(settings: Settings) -> None:
    shop = shop_with_history()
    add_campaign(shop, Campaign("N1", "Sale 2026", budget=100.0, channels={"post": (1.0, 5.0, None)}, control=0.0))
    add_campaign(shop, Campaign("N2", "Care", budget=None, channels={"email": (0.05, 0.0, None)}, control=0.0))
    listed = decide(shop, settings, POLICY, AS_OF).priority.set_index("campaign_ref")
    assert listed.loc["N1", "contact_count"] == 95
    assert listed.loc["N1", "value_of_one_more_euro_of_budget"] > 1
    assert "budget binds" in listed.loc["N1", "reason"]
    assert listed.loc["N2", "value_of_one_more_euro_of_budget"] == 0


def test_a_channel_that_does_not_earn_its_fixed_cost_is_not_opened(settings: Settings) -> None:
    shop = shop_with_history(300)
    channels = {"email": (0.05, 1.0, None), "post": (0.05, 100_000.0, None)}
    add_campaign(shop, Campaign("N1", "Sale 2026", budget=None, channels=channels))
    decide(shop, settings, POLICY, AS_OF)
    assert set(table(shop, "contact_plan")["channel_code"]) == {"email"}


def test_a_discount_to_those_who_would_buy_anyway_costs(settings: Settings) -> None:
    shop = shop_with_history()
    add_campaign(shop, Campaign("N1", "Sale 2026", offer="information"))
    add_campaign(shop, Campaign("N2", "Sale 2027", offer="discount_pct", value=20.0))
    score_customers(shop, AS_OF)
    decide(shop, settings, POLICY, AS_OF)
    profit = table(shop, "campaign_customer_profit")
    wide = profit.pivot_table(index="customer_id", columns="campaign_ref", values=["offer_cost_amount", "uplift"])
    assert (wide[("offer_cost_amount", "N1")] == 0).all()
    assert (wide[("offer_cost_amount", "N2")] > 0).all()
    expected = shop.execute(
        """select profit.customer_id, (activity.expected_order_count * 28 / 365 + profit.uplift)
            * 0.2 * profit.order_margin_amount * (select sum(net_amount) / sum(margin_amount)
                from warehouse.fct_order_line where order_date_key < 20260701) as cost, profit.offer_cost_amount
        from decisions.campaign_customer_profit as profit
        inner join scores.score_customer_activity as activity using (customer_id)
        where profit.campaign_ref = 'N2'"""
    ).df()
    assert expected["offer_cost_amount"].tolist() == pytest.approx(expected["cost"].tolist(), rel=1e-3, abs=1e-3)


def test_contacts_that_already_had_the_campaign_are_not_repeated(settings: Settings) -> None:
    shop = shop_with_history(300)
    running = Campaign("N1", "Sale 2026", starts=AS_OF - timedelta(days=3), control=0.0, budget=50.0, status="running")
    add_campaign(shop, running)
    sent = START - timedelta(days=2)
    add(shop, "fct_campaign_contact", [
        (f"x{i}", i, "N1", 1, "plan", i % 5 == 0, False, False, 20260629, 0.5, 0, sent, sent, None, None, None)
        for i in range(1, 51)
    ])  # fmt: skip
    decide(shop, settings, POLICY, AS_OF)
    plan = table(shop, "contact_plan")
    assert plan["customer_id"].min() > 50
    assert violations(shop) == []
    assert plan["contact_cost_amount"].sum() <= 50 - 40 * 0.5


def test_the_checks_find_what_is_broken(settings: Settings) -> None:
    shop = shop_with_history(300)
    add_campaign(shop, Campaign("N1", "Sale 2026"))
    add_campaign(shop, Campaign("N2", "Sale 2027"))
    decide(shop, settings, POLICY, AS_OF)
    assert violations(shop) == []
    breaks = {
        "expected profit is positive": "update decisions.contact_plan set expected_profit_amount = -1",
        "campaign is open on the day": "update decisions.contact_plan set planned_on = date '2026-12-01'",
        "budget of the campaign": "update warehouse.dim_campaign set budget_amount = 1",
        "capacity of the channel on a day": "update warehouse.bridge_campaign_channel set capacity_per_day = 1",
        "channel belongs to the campaign": "update decisions.contact_plan set channel_code = 'call_centre'",
        "consent at the planned hour": "delete from warehouse.fct_consent",
        "suppressed customers": "insert into decisions.suppression select date '2026-07-01', customer_id, null, 'x' "
        "from decisions.contact_plan",
        "deleted customers, minors and open complaints": "update warehouse.dim_customer set is_deleted = true",
        "contacts of a customer in a window": "insert into warehouse.fct_touchpoint select customer_id, 'contact', "
        "20260630, 'outbound', 'x', 1 from decisions.contact_plan, range(5)",
        "days between planned contacts": "update decisions.contact_plan set planned_on = date '2026-07-02'",
        "control group is the one of the hash": "update decisions.contact_plan set is_control = not is_control",
        "eligible segment": "update warehouse.dim_campaign set eligibility = 'nobody'",
        "record belongs to the customer": "update decisions.contact_plan set customer_ref = 'X'",
        "one contact a customer and campaign": "insert into decisions.contact_plan from decisions.contact_plan",
    }
    for limit, statement in breaks.items():
        shop.execute("begin")
        shop.execute(statement)
        assert limit in {found.limit for found in violations(shop)}, limit
        shop.execute("rollback")
