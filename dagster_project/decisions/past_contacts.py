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

# Contacts of one cell are alike in all but customer and day: what they share is one number in their rows.
_CELLS = """
create or replace temp table decision_contact_cell as
select cast(row_number() over () as integer) as cell, met.*, channel.channel_code, target.target_category
from (
    select distinct campaign_ref, channel_key, variant, coalesce(is_control, false) as is_control
    from warehouse.fct_campaign_contact
    where customer_id <> -1 and sent_date_key > 0 and sent_date_key < {matured_key}
) as met
left join warehouse.dim_channel as channel on channel.channel_key = met.channel_key and channel.channel_key <> -1
left join decision_target as target on target.campaign_ref = met.campaign_ref
"""

# Only contacts whose response window has passed: half a window is half an answer. Of a customer's contacts in one
# campaign the first counts, with what he was by then. An order brought forward, or lost with a customer who was driven
# away, is missed later: `later_count` counts what followed the window.
_CONTACTS = """
create or replace temp table decision_judged_contact as
select cast(row_number() over () as integer) as contact_number, cell.cell, fct.customer_id, fct.sent_date_key,
    make_date(fct.sent_date_key // 10000, fct.sent_date_key // 100 % 100, fct.sent_date_key % 100) as sent_on,
    fct.order_count, fct.unsubscribed_at is not null as has_unsubscribed
from warehouse.fct_campaign_contact as fct
inner join decision_contact_cell as cell
    on cell.campaign_ref = fct.campaign_ref and cell.channel_key is not distinct from fct.channel_key
    and cell.variant is not distinct from fct.variant and cell.is_control = coalesce(fct.is_control, false)
where fct.customer_id <> -1 and fct.sent_date_key > 0 and fct.sent_date_key < {matured_key}
qualify row_number() over (
    partition by fct.customer_id, fct.campaign_ref order by fct.sent_at, fct.contact_ref
) = 1
"""

# A contact meets the days of its customer only, which are few: to count those on each side of it is cheaper than to
# sort all days for each look. One campaign is of one category: what is liked of it is few lines a contact.
_SUMS = """
create or replace temp table decision_past_sum as
with told as (
    select judged.contact_number,
        max(day.order_date) filter (where day.is_purchase and day.order_date < judged.sent_on) as last_on,
        sum(day.line_count) filter (where day.order_date < judged.sent_on) as line_count,
        count(*) filter (
            where day.is_purchase and day.order_date < judged.sent_on and day.order_date >= judged.sent_on - 365
        ) as year_count,
        count(*) filter (
            where day.is_purchase and day.order_date >= judged.sent_on + {window}
                and day.order_date < judged.sent_on + {window} + {aftermath}
        ) as later_count
    from decision_judged_contact as judged
    inner join decision_customer_day as day on day.customer_id = judged.customer_id
    group by judged.contact_number
),

aimed as (
    select judged.contact_number, judged.customer_id, judged.sent_date_key, cell.target_category
    from decision_judged_contact as judged
    inner join decision_contact_cell as cell on cell.cell = judged.cell
    where cell.target_category is not null
),

liked as (
    select aimed.contact_number, count(*) as line_count
    from aimed
    inner join decision_category_line as line
        on line.customer_id = aimed.customer_id and line.category = aimed.target_category
        and line.order_date_key < aimed.sent_date_key
    group by aimed.contact_number
),

past as (
    select judged.cell, judged.has_unsubscribed, {band} as band, cast(judged.order_count as double) as orders,
        cast(least(coalesce(told.year_count, 0), {most}) as double) as year_orders,
        cast(coalesce(told.later_count, 0) as double) as later_orders,
        judged.sent_on + {window} + {aftermath} <= {day} as is_settled,
        case when cell.target_category is not null then {affinity} end as affinity
    from decision_judged_contact as judged
    inner join decision_contact_cell as cell on cell.cell = judged.cell
    left join told on told.contact_number = judged.contact_number
    left join liked on liked.contact_number = judged.contact_number
    left join decision_category as taste on taste.category = cell.target_category
)

select cell, band, has_unsubscribed, is_settled, count(*) as customers, sum(orders) as orders,
    sum(orders * orders) as squares, sum(year_orders) as covariate, sum(year_orders * year_orders) as covariate_squares,
    sum(orders * year_orders) as products, count(affinity) as targeted, coalesce(sum(affinity), 0) as affinity,
    coalesce(sum(affinity * affinity), 0) as affinity_squares, coalesce(sum(affinity * orders), 0) as affinity_orders,
    sum(later_orders) as later_orders, sum(later_orders * later_orders) as later_squares,
    sum(later_orders * year_orders) as later_products
from past
group by cell, band, has_unsubscribed, is_settled
"""

# Where controls carry a variant, contacts of other variants were chosen in another way than the controls and are not
# comparable. What comes later is counted of those only for whom that time has passed.
_ARMS = """
with summed as (
    select cell.campaign_ref, cell.channel_code, cell.variant, cell.is_control, past.* exclude (cell)
    from decision_past_sum as past
    inner join decision_contact_cell as cell on cell.cell = past.cell
),

by_lot as (
    select campaign_ref, variant
    from summed
    where variant is not null
    group by campaign_ref, variant
    having bool_or(is_control) and bool_or(not is_control)
)

select campaign_ref, channel_code, band, is_control, cast(sum(customers) as bigint) as customers,
    sum(orders) as orders, sum(squares) as squares, sum(covariate) as covariate,
    sum(covariate_squares) as covariate_squares, sum(products) as products,
    cast(sum(targeted) as bigint) as targeted, sum(affinity) as affinity, sum(affinity_squares) as affinity_squares,
    sum(affinity_orders) as affinity_orders,
    cast(coalesce(sum(customers) filter (where is_settled), 0) as bigint) as settled,
    coalesce(sum(later_orders) filter (where is_settled), 0) as later_orders,
    coalesce(sum(later_squares) filter (where is_settled), 0) as later_squares,
    coalesce(sum(covariate) filter (where is_settled), 0) as later_covariate,
    coalesce(sum(covariate_squares) filter (where is_settled), 0) as later_covariate_squares,
    coalesce(sum(later_products) filter (where is_settled), 0) as later_products
from summed
where campaign_ref not in (select campaign_ref from by_lot) or (campaign_ref, variant) in (from by_lot)
group by campaign_ref, channel_code, band, is_control
order by all
"""

_LEAVERS = """
select coalesce(cell.channel_code, '') as channel_code, past.band, cast(sum(past.customers) as bigint) as contacts,
    cast(coalesce(sum(past.customers) filter (where past.has_unsubscribed), 0) as bigint) as unsubscribed,
    cast(coalesce(sum(past.customers) filter (where past.is_settled), 0) as bigint) as settled,
    coalesce(sum(past.later_orders) filter (where past.is_settled), 0) as later_orders,
    coalesce(sum(past.later_squares) filter (where past.is_settled), 0) as later_squares,
    cast(coalesce(sum(past.customers) filter (where past.is_settled and past.has_unsubscribed), 0) as bigint)
        as settled_unsubscribed,
    coalesce(sum(past.later_orders) filter (where past.is_settled and past.has_unsubscribed), 0) as unsubscribed_orders
from decision_past_sum as past
inner join decision_contact_cell as cell on cell.cell = past.cell
where not cell.is_control
group by cell.channel_code, past.band
order by all
"""
MOST_ORDERS = 24
"""Orders of the year before a contact above which nothing more is made of them."""


def read_past_contacts(connection: duckdb.DuckDBPyConnection, as_of: date, policy: DecisionPolicy) -> None:
    """Fill `decision_past_sum` and `decision_contact_cell`: sums over contacts and controls that are alike.

    A row of sums is of a cell (campaign, channel, variant, arm), a band, whether the customer unsubscribed and whether
    the time after the window has passed. Needs `decision_customer_day` and the tables of `affinity.read_affinity`.
    """
    matured_key = date_key(as_of - timedelta(days=policy.response_window_days))
    connection.execute(_CELLS.format(matured_key=matured_key))
    connection.execute(_CONTACTS.format(matured_key=matured_key))
    connection.execute(
        _SUMS.format(
            band=band_of("told.last_on", "judged.sent_on", "told.year_count"),
            most=MOST_ORDERS,
            window=policy.response_window_days,
            aftermath=policy.aftermath_days,
            day=f"date '{as_of.isoformat()}'",
            affinity=affinity_of("liked.line_count", "told.line_count", "taste.share"),
        )
    )


def read_arms(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Sum up comparable contacts and controls by campaign, channel, band and arm; columns as `uplift` wants them."""
    return connection.execute(_ARMS).df()


def read_leavers(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Count by channel and band who unsubscribed after a contact, and what he and the others ordered later."""
    return connection.execute(_LEAVERS).df()
