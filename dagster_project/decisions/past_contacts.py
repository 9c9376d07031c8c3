"""What came of past contacts and of their controls, counted up to the sums that an estimate needs.

Belongs here: reading `warehouse` before a day into sums by campaign, channel, band and arm. Does not belong here: any
estimate.
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
import pandas as pd

from dagster_project.decisions.affinity import affinity_of
from dagster_project.decisions.history import band_of
from dagster_project.decisions.policy import DecisionPolicy
from dagster_project.scoring.purchase_history import date_key

# Only contacts whose response window has passed: half a window is half an answer. Of a customer's contacts in one
# campaign the first counts, with what he was by then. Where controls carry a variant, contacts of other variants were
# chosen in another way than the controls and are not comparable. An order brought forward, or lost with a customer who
# was driven away, is missed later: `later_orders` counts what followed the window, where that time has passed too.
_CONTACTS = """
create or replace temp table decision_judged_contact as
with contact as (
    select fct.campaign_ref, channel.channel_code, fct.variant, coalesce(fct.is_control, false) as is_control,
        fct.customer_id, fct.sent_date_key, fct.order_count, fct.unsubscribed_at is not null as has_unsubscribed,
        make_date(fct.sent_date_key // 10000, fct.sent_date_key // 100 % 100, fct.sent_date_key % 100) as sent_on
    from warehouse.fct_campaign_contact as fct
    left join warehouse.dim_channel as channel on channel.channel_key = fct.channel_key and channel.channel_key <> -1
    where fct.customer_id <> -1 and fct.sent_date_key > 0 and fct.sent_date_key < {matured_key}
    qualify row_number() over (
        partition by fct.customer_id, fct.campaign_ref order by fct.sent_at, fct.contact_ref
    ) = 1
),

by_lot as (
    select campaign_ref, variant
    from contact
    where variant is not null
    group by campaign_ref, variant
    having bool_or(is_control) and bool_or(not is_control)
)

select row_number() over () as contact_number, contact.*, campaign.target_category,
    contact.campaign_ref not in (select campaign_ref from by_lot) or lot.campaign_ref is not null as is_comparable
from contact
left join by_lot as lot on lot.campaign_ref = contact.campaign_ref and lot.variant = contact.variant
left join decision_target as campaign on campaign.campaign_ref = contact.campaign_ref
"""

# What a customer had bought by a day is looked up among the days of those who were contacted, with as few columns as
# possible at hand: both sides are sorted for each look.
_PAST = """
create or replace temp table decision_past_contact as
with asked as (select contact_number, customer_id, sent_on from decision_judged_contact),

bought as (
    select customer_id, order_date, last_on, nth, nth_line
    from decision_customer_day
    where customer_id in (select customer_id from asked)
),

told as (
    select asked.contact_number, before.last_on, before.nth_line,
        coalesce(before.nth, 0) - coalesce(year_before.nth, 0) as year_count,
        coalesce(last_later.nth, 0) - coalesce(last_within.nth, 0) as later_count
    from asked
    asof left join bought as before
        on before.customer_id = asked.customer_id and before.order_date < asked.sent_on
    asof left join bought as year_before
        on year_before.customer_id = asked.customer_id and year_before.order_date < asked.sent_on - 365
    asof left join bought as last_within
        on last_within.customer_id = asked.customer_id and last_within.order_date < asked.sent_on + {window}
    asof left join bought as last_later
        on last_later.customer_id = asked.customer_id
        and last_later.order_date < asked.sent_on + {window} + {aftermath}
),

-- One campaign is of one category: what is met here is few lines a contact.
liked as (
    select judged.contact_number, count(*) as line_count
    from decision_judged_contact as judged
    inner join decision_category_line as line
        on line.customer_id = judged.customer_id and line.category = judged.target_category
        and line.order_date_key < judged.sent_date_key
    group by judged.contact_number
)

select judged.campaign_ref, judged.channel_code, judged.is_control, judged.is_comparable, judged.has_unsubscribed,
    cast(judged.order_count as double) as orders, {band} as band,
    cast(least(told.year_count, {most}) as double) as year_orders,
    judged.sent_on + {window} + {aftermath} <= {day} as is_settled,
    cast(told.later_count as double) as later_orders,
    {affinity} as affinity, judged.target_category is not null as has_target
from decision_judged_contact as judged
inner join told on told.contact_number = judged.contact_number
left join liked on liked.contact_number = judged.contact_number
left join decision_category as taste on taste.category = judged.target_category
"""

_ARMS = """
select campaign_ref, channel_code, band, is_control, count(*) as customers, sum(orders) as orders,
    sum(orders * orders) as squares, sum(year_orders) as covariate, sum(year_orders * year_orders) as covariate_squares,
    sum(orders * year_orders) as products,
    count(*) filter (where has_target) as targeted, coalesce(sum(affinity) filter (where has_target), 0) as affinity,
    coalesce(sum(affinity * affinity) filter (where has_target), 0) as affinity_squares,
    coalesce(sum(affinity * orders) filter (where has_target), 0) as affinity_orders,
    count(*) filter (where is_settled) as settled,
    coalesce(sum(later_orders) filter (where is_settled), 0) as later_orders,
    coalesce(sum(later_orders * later_orders) filter (where is_settled), 0) as later_squares,
    coalesce(sum(year_orders) filter (where is_settled), 0) as later_covariate,
    coalesce(sum(year_orders * year_orders) filter (where is_settled), 0) as later_covariate_squares,
    coalesce(sum(later_orders * year_orders) filter (where is_settled), 0) as later_products
from decision_past_contact
where is_comparable
group by campaign_ref, channel_code, band, is_control
order by all
"""

_LEAVERS = """
select coalesce(channel_code, '') as channel_code, band, count(*) as contacts,
    count(*) filter (where has_unsubscribed) as unsubscribed, count(*) filter (where is_settled) as settled,
    coalesce(sum(later_orders) filter (where is_settled), 0) as later_orders,
    coalesce(sum(later_orders * later_orders) filter (where is_settled), 0) as later_squares,
    count(*) filter (where is_settled and has_unsubscribed) as settled_unsubscribed,
    coalesce(sum(later_orders) filter (where is_settled and has_unsubscribed), 0) as unsubscribed_orders
from decision_past_contact
where not is_control
group by channel_code, band
order by all
"""
MOST_ORDERS = 24
"""Orders of the year before a contact above which nothing more is made of them."""


def read_past_contacts(connection: duckdb.DuckDBPyConnection, as_of: date, policy: DecisionPolicy) -> None:
    """Fill `decision_past_contact`, a row a contact or control, with what he was before and what he did after.

    Needs `decision_customer_day` and the tables of `affinity.read_affinity`.
    """
    matured = as_of - timedelta(days=policy.response_window_days)
    connection.execute(_CONTACTS.format(matured_key=date_key(matured)))
    connection.execute(
        _PAST.format(
            band=band_of("told.last_on", "judged.sent_on", "told.year_count"),
            most=MOST_ORDERS,
            window=policy.response_window_days,
            aftermath=policy.aftermath_days,
            day=f"date '{as_of.isoformat()}'",
            affinity=affinity_of("liked.line_count", "told.nth_line", "taste.share"),
        )
    )


def read_arms(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Sum up comparable contacts and controls by campaign, channel, band and arm; columns as `uplift` wants them."""
    return connection.execute(_ARMS).df()


def read_leavers(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Count by channel and band who unsubscribed after a contact, and what he and the others ordered later."""
    return connection.execute(_LEAVERS).df()
