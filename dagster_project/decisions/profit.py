"""What each permitted contact is expected to earn.

Expected profit = uplift x order margin - cost of the offer - cost of the contact, where the offer's cost falls on the
extra orders and on those that would have come anyway, as often as offers are redeemed.

Belongs here: money of a contact. Does not belong here: limits, choice.
"""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
from scipy.special import ndtri

from dagster_project.decisions.permission import is_eligible
from dagster_project.decisions.policy import DecisionPolicy
from dagster_project.decisions.uplift import UpliftModel

BANDS = ("never", "frequent", "recent", "lapsing", "dormant")

_OPPORTUNITY = """
create or replace temp table decision_opportunity as
with eligible as (
    select offer.campaign_ref, customer.customer_id
    from decision_customer as customer
    inner join (
        select distinct campaign_ref, eligibility, is_open_to_all from decision_offer
    ) as offer on {is_eligible}
),

priced as (
    select offer.campaign_ref, offer.channel_code, customer.customer_id, customer.band, customer.order_margin,
        permission.permitted_until, offer.unit_cost, offer.uplift, offer.uplift_low, offer.uplift_high,
        {redemption} * case offer.offer_kind
            when 'discount_pct' then least(offer.offer_value, 100) / 100 * customer.order_revenue
            when 'discount_amount' then least(offer.offer_value * offer.rate_to_home, customer.order_revenue)
            when 'gift' then offer.offer_value * offer.rate_to_home
            when 'points' then offer.offer_value * {point_value}
            else 0 end as offer_cost,
        coalesce(customer.base_orders, offer.base_orders, 0) as base_orders
    from eligible
    inner join decision_customer as customer on customer.customer_id = eligible.customer_id
    inner join decision_offer as offer on offer.campaign_ref = eligible.campaign_ref and offer.band = customer.band
    inner join decision_permission as permission
        on permission.customer_id = customer.customer_id and permission.channel_code = offer.channel_code
)

select campaign_ref, channel_code, customer_id, band, permitted_until, uplift, uplift_low, uplift_high, order_margin,
    unit_cost,
    -- An order that the contact prevents also saves the offer; the offer never pays.
    greatest(base_orders + uplift, 0) * offer_cost as offer_cost,
    uplift * order_margin - greatest(base_orders + uplift, 0) * offer_cost - unit_cost as profit,
    uplift_low * order_margin - greatest(base_orders + uplift_low, 0) * offer_cost - unit_cost as profit_low,
    uplift_high * order_margin - greatest(base_orders + uplift_high, 0) * offer_cost - unit_cost as profit_high
from priced
"""

_BEST = """
select opportunity.campaign_ref, offer.campaign_key, opportunity.customer_id, opportunity.channel_code,
    opportunity.band as customer_band, opportunity.uplift, opportunity.uplift_low, opportunity.uplift_high,
    opportunity.order_margin as order_margin_amount, opportunity.offer_cost as offer_cost_amount,
    opportunity.unit_cost as contact_cost_amount, opportunity.profit as expected_profit_amount,
    opportunity.profit_low as expected_profit_amount_low, opportunity.profit_high as expected_profit_amount_high,
    '{basis}' as value_basis
from decision_opportunity as opportunity
inner join (select distinct campaign_ref, campaign_key from decision_offer) as offer
    on offer.campaign_ref = opportunity.campaign_ref
qualify row_number() over (
    partition by opportunity.campaign_ref, opportunity.customer_id
    order by opportunity.profit desc nulls last, opportunity.channel_code
) = 1
order by opportunity.campaign_ref, opportunity.customer_id
"""

_COUNTS = """
select offer.campaign_ref, count(*) as eligible_count,
    count(*) filter (where exists (
        select 1 from decision_permission as permission
        inner join warehouse.bridge_campaign_channel as bridge on bridge.channel_code = permission.channel_code
        where permission.customer_id = customer.customer_id and bridge.campaign_ref = offer.campaign_ref
    )) as permitted_count
from decision_customer as customer
inner join decision_listed as offer on {is_eligible}
group by offer.campaign_ref
"""


def offers(campaigns: pd.DataFrame, channels: pd.DataFrame, model: UpliftModel, level: float) -> pd.DataFrame:
    """Put campaign, channel and band together with the uplift expected of them; a row each.

    Columns: those of both, band, uplift, uplift_low, uplift_high (NaN where there is no evidence), evidence,
    base_orders (what controls of the band ordered in the window).
    """
    rows = campaigns.merge(channels, on="campaign_ref")
    names = zip(*(rows[c].astype(str) for c in ("family", "objective", "channel_code")), strict=True)
    predicted = [model.predict(*name) for name in names]
    rows["mean"] = [np.nan if mean is None else mean for mean, _, _ in predicted]
    rows["variance"] = [variance for _, variance, _ in predicted]
    rows["evidence"] = [evidence for _, _, evidence in predicted]
    rows = rows.merge(pd.DataFrame({"band": BANDS}), how="cross")
    offset = model.bands.reindex(rows["band"]).fillna(0.0) if len(model.bands) else None
    rows["uplift"] = rows["mean"] + (0.0 if offset is None else offset["mean"].to_numpy())
    spread = np.sqrt(rows["variance"] + (0.0 if offset is None else offset["variance"].to_numpy()))
    width = float(ndtri((1 + level) / 2)) * spread
    rows["uplift_low"], rows["uplift_high"] = rows["uplift"] - width, rows["uplift"] + width
    rows["base_orders"] = rows["band"].map(model.base_orders)
    return rows


def price_contacts(
    connection: duckdb.DuckDBPyConnection,
    offer_rows: pd.DataFrame,
    as_of: date,
    redemption: float,
    policy: DecisionPolicy,
) -> None:
    """Fill `decision_offer` and `decision_opportunity`: every permitted customer x campaign x channel, priced.

    Needs `decision_customer` and `decision_permission`; only offers with a unit cost and an uplift are priced.
    """
    columns = [
        "campaign_ref", "campaign_key", "channel_code", "eligibility", "is_open_to_all", "offer_kind", "offer_value",
        "rate_to_home", "unit_cost", "band", "uplift", "uplift_low", "uplift_high", "base_orders",
    ]  # fmt: skip
    known = offer_rows.dropna(subset=["unit_cost", "uplift"])[columns]
    known = known.assign(offer_value=known["offer_value"].fillna(0.0), base_orders=known["base_orders"].astype(float))
    connection.register("offer_rows", known)
    connection.execute("""create or replace temp table decision_offer as
        select * replace (
            cast(campaign_ref as text) as campaign_ref, cast(channel_code as text) as channel_code,
            cast(eligibility as text) as eligibility, cast(offer_kind as text) as offer_kind,
            cast(band as text) as band, cast(is_open_to_all as boolean) as is_open_to_all,
            nullif(cast(base_orders as double), cast('nan' as double)) as base_orders
        ) from offer_rows""")
    connection.unregister("offer_rows")
    connection.execute(
        _OPPORTUNITY.format(
            is_eligible=is_eligible(as_of), redemption=f"{redemption:.6f}", point_value=f"{policy.point_value:.6f}"
        )
    )


def best_contacts(connection: duckdb.DuckDBPyConnection, basis: str) -> pd.DataFrame:
    """Read the best permitted channel of each campaign and customer; columns of `campaign_customer_profit`."""
    return connection.execute(_BEST.format(basis=basis)).df()


def count_reach(connection: duckdb.DuckDBPyConnection, campaigns: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Count eligible and permitted customers by campaign: campaign_ref, eligible_count, permitted_count."""
    listed = campaigns[["campaign_ref", "eligibility", "is_open_to_all"]].astype(
        {"campaign_ref": object, "eligibility": object, "is_open_to_all": bool}
    )
    connection.register("decision_listed", listed)
    try:
        return connection.execute(_COUNTS.format(is_eligible=is_eligible(as_of))).df()
    finally:
        connection.unregister("decision_listed")
