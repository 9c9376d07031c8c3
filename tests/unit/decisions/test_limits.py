from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.decisions import DecisionPolicy, decide, violations
from dagster_project.settings import Settings, StellaError, get_settings
from tests.unit.decisions.shop import AS_OF, Campaign, add, add_campaign, key, shop_with_history


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("shop") / "shop"
    folder.mkdir()
    (folder / "company.yml").write_text("name: shop\n")
    return get_settings(home=folder.parent / "home", company=str(folder))


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = shop_with_history(200)
    touches = [(i, "contact", key(AS_OF - timedelta(days=i % 30 + 1)), "outbound", "x", 1) for i in range(1, 80)]
    add(connection, "fct_touchpoint", touches)  # type: ignore[arg-type]
    yield connection
    connection.close()


costs = st.tuples(
    st.sampled_from([0.0, 0.05, 0.5, 3.0]), st.sampled_from([0.0, 5.0, 60.0]), st.sampled_from([None, 0, 1, 7, 40])
)
campaigns = st.builds(
    lambda ref, start, days, budget, control, channels: Campaign(
        f"N{ref}", f"Sale {ref}", starts=AS_OF + timedelta(days=start), ends=AS_OF + timedelta(days=start + days),
        budget=budget, control=control, channels=channels,
    ),
    st.integers(0, 99), st.integers(-3, 20), st.integers(3, 20), st.sampled_from([None, 0.0, 10.0, 90.0, 900.0]),
    st.sampled_from([None, 0.0, 0.3]),
    st.dictionaries(st.sampled_from(["email", "post", "call_centre"]), costs, min_size=1),
)  # fmt: skip
policies = st.builds(
    DecisionPolicy,
    time_zone=st.sampled_from(["Europe/Rome", "America/Los_Angeles", "Asia/Kolkata"]),
    contact_limit=st.integers(0, 3),
    contact_window_days=st.integers(7, 35),
    contact_gap_days=st.integers(1, 6),
    horizon_days=st.integers(1, 40),
)


@given(st.lists(campaigns, min_size=1, max_size=4, unique_by=lambda c: c.ref), policies)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_plan_breaks_a_limit(
    shop: duckdb.DuckDBPyConnection, company: Settings, planned: list[Campaign], policy: DecisionPolicy
) -> None:
    shop.execute("delete from warehouse.dim_campaign where campaign_ref like 'N%'")
    shop.execute("delete from warehouse.bridge_campaign_channel where campaign_ref like 'N%'")
    for campaign in planned:
        add_campaign(shop, campaign)
    report = decide(shop, company, policy, AS_OF)
    assert violations(shop) == []
    assert len(report.priority) == len(planned)
    assert report.priority["reason"].str.len().min() > 10


def test_a_policy_is_read_from_the_company_and_a_bad_key_is_named() -> None:
    policy = DecisionPolicy.from_company(
        {"time_zone": "Europe/Rome", "decisions": {"contact_limit": 2, "discount_rate": 0.1}}
    )
    assert (policy.time_zone, policy.contact_limit) == ("Europe/Rome", 2)
    with pytest.raises(StellaError, match=r"decisions\.contact_limits"):
        DecisionPolicy.from_company({"decisions": {"contact_limits": 2}})
    with pytest.raises(StellaError, match="time zone"):
        DecisionPolicy.from_company({"time_zone": "Mars/Olympus"})
