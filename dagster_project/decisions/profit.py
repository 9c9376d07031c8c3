"""What each permitted contact is expected to earn.

Expected profit = uplift x order margin that is not only brought forward - cost of the offer - what is lost with
customers who are driven off - cost of the contact. The offer's cost falls on the extra orders and on those that would
have come anyway, as often as offers are redeemed. Each further contact of a customer within the window does less.

Belongs here: money of a contact. Does not belong here: limits, choice.
"""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
from scipy.special import ndtri

from dagster_project.decisions.affinity import affinity_of
from dagster_project.decisions.aftermath import Aftermath
from dagster_project.decisions.history import read_redemption_share
from dagster_project.decisions.permission import members
from dagster_project.decisions.policy import DecisionPolicy
from dagster_project.decisions.uplift import UpliftModel

BANDS = ("never", "frequent", "recent", "lapsing", "dormant")

# A contact alone, then with the fatigue of those that the customer has had and of those that are worth more to him:
# in the plan they go before it. An order that the contact prevents also saves the offer; the offer never pays.
_OPPORTUNITY = """
create or replace temp table decision_opportunity as
with eligible as materialized (
    select eligible.campaign, customer.*
    from decision_eligible as eligible
    inner join decision_customer as customer on customer.customer_id = eligible.customer_id
),

met as (
    select offer.offer, offer.campaign, customer.customer_id, customer.order_margin, customer.contact_count,
        permission.permitted_until, offer.unit_cost,
        case when customer.line_count > 0 and offer.share is not null then {affinity} - 1 else 0 end as liked_more,
        offer.uplift + liked_more * offer.slope as uplift_alone,
        sqrt(offer.variance + pow(liked_more, 2) * offer.slope_variance) as deviation_alone,
        {redemption} * case offer.offer_kind
            when 'discount_pct' then least(offer.offer_value, 100) / 100 * customer.order_revenue
            when 'discount_amount' then least(offer.offer_value * offer.rate_to_home, customer.order_revenue)
            when 'gift' then offer.offer_value * offer.rate_to_home
            when 'points' then offer.offer_value * {point_value}
            else 0 end as offer_cost,
        coalesce(customer.base_orders, offer.base_orders, 0) as base_orders,
        least({forward} * (1 - exp(-customer.later_orders)), 1) as forward_share,
        {forward_deviation} * (1 - exp(-customer.later_orders)) as forward_deviation,
        offer.leaving * coalesce(
            customer.prospective_value,
            coalesce(customer.base_orders, offer.base_orders, 0) * 365 / {window_days} * customer.order_margin
        ) as leaving_alone
    from eligible as customer
    inner join decision_offer as offer
        on offer.campaign = customer.campaign and offer.band = customer.band
    inner join decision_permission as permission
        on permission.customer_id = customer.customer_id and permission.channel_code = offer.channel_code
    left join decision_liking as liking
        on liking.customer_id = customer.customer_id and liking.category = offer.category
),

-- Ranked apart from the rest of the row, which need not be sorted then.
best as (
    select customer_id, campaign, max(
        uplift_alone * order_margin * (1 - forward_share) - (base_orders + uplift_alone) * offer_cost
        - leaving_alone - unit_cost
    ) as best_profit
    from met
    group by customer_id, campaign
),

ranked as (
    select customer_id, campaign,
        row_number() over (partition by customer_id order by best_profit desc, campaign) - 1 as better_count
    from best
),

tired as (
    select met.*, pow(1 - {fatigue}, met.contact_count + ranked.better_count) as vigour
    from met
    inner join ranked on ranked.customer_id = met.customer_id and ranked.campaign = met.campaign
),

worked as (
    select *, vigour * uplift_alone as uplift, vigour * deviation_alone as deviation,
        vigour * leaving_alone as leaving_cost,
        order_margin * case when uplift_alone > 0 then 1 - forward_share else 1 end as kept_margin
    from tired
),

priced as (
    select *, uplift * kept_margin - greatest(base_orders + uplift, 0) * offer_cost - leaving_cost - unit_cost
        as profit,
        sqrt(
            pow((kept_margin - offer_cost) * deviation, 2)
            + pow(greatest(uplift, 0) * order_margin * forward_deviation, 2)
            + pow(leaving_cost * {leaving_deviation}, 2)
        ) as profit_deviation
    from worked
)

select offer, campaign, customer_id, permitted_until, uplift, order_margin, leaving_cost,
    uplift - {width} * deviation as uplift_low, uplift + {width} * deviation as uplift_high,
    case when uplift > 0 then forward_share else 0 end as forward_share,
    greatest(base_orders + uplift, 0) * offer_cost as offer_cost,
    profit, profit - {width} * profit_deviation as profit_low, profit + {width} * profit_deviation as profit_high
from priced
"""

_BEST = """
create or replace temp view decided_customer_profit as
select offer.campaign_ref, offer.campaign_key, opportunity.customer_id, offer.channel_code,
    offer.band as customer_band, opportunity.uplift, opportunity.uplift_low, opportunity.uplift_high,
    opportunity.order_margin as order_margin_amount, opportunity.forward_share as brought_forward_share,
    opportunity.offer_cost as offer_cost_amount, opportunity.leaving_cost as leaving_cost_amount,
    offer.unit_cost as contact_cost_amount, opportunity.profit as expected_profit_amount,
    opportunity.profit_low as expected_profit_amount_low, opportunity.profit_high as expected_profit_amount_high,
    '{basis}' as value_basis
from (
    select * from decision_opportunity
    where rowid in (select min_by(rowid, (-profit, offer)) from decision_opportunity group by campaign, customer_id)
    order by campaign, customer_id
) as opportunity
inner join decision_offer as offer on offer.offer = opportunity.offer
"""

_ELIGIBLE = """
create or replace temp table decision_eligible as
select offer.campaign, customer.customer_id
from decision_customer as customer
cross join decision_listed as offer
where offer.is_open_to_all
union all
select offer.campaign, customer.customer_id
from decision_listed as offer
inner join ({members}) as member on member.segment_name = offer.eligibility
inner join decision_customer as customer on customer.customer_id = member.customer_id
where not offer.is_open_to_all
"""

_COUNTS = """
with open_channel as (
    select customer_id, list(channel_code) as channels from decision_permission group by customer_id
),

used_channel as (
    select campaign_ref, list(channel_code) as channels from warehouse.bridge_campaign_channel group by campaign_ref
)

select listed.campaign_ref, count(*) as eligible_count,
    count(*) filter (where list_has_any(open_channel.channels, used_channel.channels)) as permitted_count
from decision_eligible as eligible
inner join decision_listed as listed on listed.campaign = eligible.campaign
left join open_channel on open_channel.customer_id = eligible.customer_id
left join used_channel on used_channel.campaign_ref = listed.campaign_ref
group by listed.campaign_ref
"""


def offers(campaigns: pd.DataFrame, channels: pd.DataFrame, model: UpliftModel, aftermath: Aftermath) -> pd.DataFrame:
    """Put campaign, channel and band together with what is expected of them; a row each.

    Columns: those of both, band, uplift, variance (NaN where there is no evidence), evidence, slope and slope_variance
    (on affinity), leaving (share of a customer's future that the contact costs), base_orders (what controls of the band
    ordered in the window).
    """
    rows = campaigns.merge(channels, on="campaign_ref").merge(pd.DataFrame({"band": BANDS}), how="cross")
    names = list(zip(*(rows[c].astype(str) for c in ("family", "objective", "channel_code", "band")), strict=True))
    rows["evidence"] = [model.evidence(*name[:3]) for name in names]
    predicted = [model.predict(*name) for name in names]
    rows["uplift"], rows["variance"] = [mean for mean, _ in predicted], [variance for _, variance in predicted]
    rows["slope"], rows["slope_variance"] = model.slope()
    rows["leaving"] = [aftermath.leaving_by(channel) for channel in rows["channel_code"].astype(str)]
    rows["base_orders"] = rows["band"].map(model.base_orders)
    return rows


def price_contacts(
    connection: duckdb.DuckDBPyConnection,
    offer_rows: pd.DataFrame,
    aftermath: Aftermath,
    as_of: date,
    policy: DecisionPolicy,
) -> None:
    """Fill `decision_offer` and `decision_opportunity`: every permitted customer x campaign x channel, priced.

    Needs `decision_customer`, `decision_eligible`, `decision_permission` and the tables of `affinity.read_affinity`;
    only offers with a unit cost and an uplift are priced. An opportunity has the number of its offer (by campaign,
    channel and band) and campaign, and of what its offer tells nothing: numbers are cheaper to join and to keep.
    """
    columns = [
        "campaign", "campaign_ref", "campaign_key", "channel_code", "offer_kind", "offer_value", "rate_to_home",
        "unit_cost", "band", "uplift", "variance", "slope", "slope_variance", "leaving", "base_orders",
    ]  # fmt: skip
    known = offer_rows.dropna(subset=["unit_cost", "uplift"])[columns]
    known = known.assign(offer_value=known["offer_value"].fillna(0.0), base_orders=known["base_orders"].astype(float))
    known = known.assign(offer=np.arange(len(known)))
    connection.register("offer_rows", known)
    connection.execute("""create or replace temp table decision_offer as
        select told.* replace (
            cast(offer as integer) as offer, cast(campaign as integer) as campaign,
            cast(told.campaign_ref as text) as campaign_ref, cast(channel_code as text) as channel_code,
            cast(offer_kind as text) as offer_kind, cast(band as text) as band,
            nullif(cast(base_orders as double), cast('nan' as double)) as base_orders
        ), aim.category, aim.share
        from offer_rows as told
        left join decision_aim as aim on aim.campaign_ref = told.campaign_ref""")
    connection.unregister("offer_rows")
    figures = {
        "redemption": read_redemption_share(connection, as_of, policy),
        "point_value": policy.point_value,
        "forward": aftermath.forward,
        "forward_deviation": aftermath.forward_deviation,
        "leaving_deviation": aftermath.leaving_deviation,
        "fatigue": policy.fatigue_share,
        "width": float(ndtri((1 + policy.interval_level) / 2)),
        "window_days": policy.response_window_days,
    }
    affinity = affinity_of("liking.line_count", "customer.line_count", "offer.share")
    connection.execute(
        _OPPORTUNITY.format(affinity=affinity, **{name: f"{value:.9g}" for name, value in figures.items()})
    )


def best_contacts(connection: duckdb.DuckDBPyConnection, basis: str) -> str:
    """Name the view of the best permitted channel of each campaign and customer, as in `campaign_customer_profit`."""
    connection.execute(_BEST.format(basis=basis))
    return "decided_customer_profit"


def read_eligible(connection: duckdb.DuckDBPyConnection, campaigns: pd.DataFrame, as_of: date) -> None:
    """Fill `decision_eligible`: the customers in the segment of each campaign (number); needs `decision_customer`.

    `decision_listed` has the campaigns themselves.
    """
    columns = [
        "campaign", "campaign_ref", "campaign_key", "eligibility", "is_open_to_all", "offer_kind", "offer_value",
        "coupon_code", "control_share",
    ]  # fmt: skip
    connection.register("listed_rows", campaigns[columns].astype({"is_open_to_all": bool}))
    connection.execute("""create or replace temp table decision_listed as
        select * replace (
            cast(campaign as integer) as campaign, cast(campaign_ref as text) as campaign_ref,
            cast(eligibility as text) as eligibility, cast(offer_kind as text) as offer_kind,
            cast(coupon_code as text) as coupon_code
        ) from listed_rows""")
    connection.unregister("listed_rows")
    connection.execute(_ELIGIBLE.format(members=members(as_of)))


def count_reach(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Count eligible and permitted customers by campaign: campaign_ref, eligible_count, permitted_count."""
    return connection.execute(_COUNTS).df()
