"""What the warehouse knows of customers and of past contacts, brought to the form that decisions need.

Belongs here: reading `warehouse` and `scores` before a day, into temporary tables named `decision_*`.
Does not belong here: any estimate, any choice.
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb

from dagster_project.decisions.policy import DecisionPolicy
from dagster_project.scoring.purchase_history import date_key, line_value, value_basis

QUARTERS_BEFORE = 3_000_000
"""Quarters of an hour from before any order to 1970: numbers below zero would be divided towards it, not down."""
_BAND = """case
    when {last} is null then 'never'
    when {day} - {last} > 365 then 'dormant'
    when {day} - {last} > 90 then 'lapsing'
    when {year_count} >= 3 then 'frequent'
    else 'recent' end"""

# Days on which all was taken back count no order, but their lines tell what a customer likes.
_DAYS = """
create or replace temp table decision_customer_day as
select customer_id, make_date(order_date_key // 10000, order_date_key // 100 % 100, order_date_key % 100) as order_date,
    value_amount, net_amount, is_purchase, line_count
from (
    select line.customer_id, line.order_date_key, cast(sum({value}) as double) as value_amount,
        cast(sum(line.net_amount) as double) as net_amount,
        coalesce(sum(line.quantity) > 0 or sum(line.net_amount) > 0, false) as is_purchase,
        count(product.product_key) as line_count
    from warehouse.fct_order_line as line
    left join warehouse.dim_product as product
        on product.product_key = line.product_key and product.category is not null
    where not coalesce(line.is_cancelled, false) and line.customer_id <> -1
        and line.order_date_key > 0 and line.order_date_key < {end_key}
    group by line.customer_id, line.order_date_key
) as customer_day
"""

_CUSTOMERS = """
create or replace temp table decision_customer as
with ordered as not materialized (
    select customer_id, (epoch_us(ordered_at) + {quarters_before} * cast(900000000 as bigint)) // 900000000 as quarter
    from warehouse.fct_order_line
    where customer_id <> -1 and order_date_key > 0 and order_date_key < {end_key}
),

-- Time zones are whole quarters of an hour apart: to ask for each quarter is cheaper than to ask for each line.
quarters as (
    select quarter, hour(timezone('{time_zone}', to_timestamp((quarter - {quarters_before}) * 900))) as order_hour
    from (select distinct quarter from ordered) as met
),

order_hours as (
    select ordered.customer_id, quarters.order_hour, count(*) as line_count
    from ordered inner join quarters on quarters.quarter = ordered.quarter
    group by all
),

-- The most frequent hour; of those equally frequent the earliest, so that the same facts give the same plan.
habits as (
    select customer_id, 23 - max(line_count * 24 + 23 - order_hour) % 24 as usual_hour
    from order_hours
    group by customer_id
),

bought as (
    select customer_id, max(order_date) filter (where is_purchase) as last_on,
        count(*) filter (where is_purchase and order_date >= {day} - 365) as year_count, sum(line_count) as line_count
    from decision_customer_day group by customer_id
),

contacted as (
    select customer_id, count(*) as contact_count, max(touchpoint_date_key) as last_key
    from warehouse.fct_touchpoint
    where customer_id <> -1 and direction = 'outbound' and touchpoint_kind in ('contact', 'campaign_contact')
        and touchpoint_date_key >= {window_key} and touchpoint_date_key < {end_key}
    group by customer_id
),

record as (
    select customer_id, min_by(source_system, (source_system, identifier)) as source_system,
        min_by(identifier, (source_system, identifier)) as customer_ref
    from warehouse.bridge_customer_identity
    where identifier_kind = 'record' and is_current and customer_id <> -1
    group by customer_id
),

average as (
    select coalesce(avg(value_amount), 0) as order_value, coalesce(sum(net_amount) / nullif(sum(value_amount), 0), 1)
        as revenue_ratio
    from decision_customer_day where is_purchase
)

select customer.customer_id, record.source_system, record.customer_ref,
    {band} as band, bought.line_count,
    coalesce(cast(worth.expected_order_amount as double), average.order_value) as order_margin,
    coalesce(cast(worth.expected_order_amount as double), average.order_value) * average.revenue_ratio as order_revenue,
    activity.expected_order_count * {window_days} / 365.0 as base_orders,
    activity.expected_order_count as year_orders,
    coalesce(activity.expected_order_count * {aftermath_days} / 365.0, 0) as later_orders,
    cast(worth.prospective_value_amount as double) as prospective_value,
    least(greatest(coalesce(habits.usual_hour, {default_hour}), {earliest_hour}), {latest_hour}) as planned_hour,
    coalesce(contacted.contact_count, 0) as contact_count,
    case when contacted.last_key > 0 then
        make_date(contacted.last_key // 10000, contacted.last_key // 100 % 100, contacted.last_key % 100) end
        as last_contact_on
from warehouse.dim_customer as customer
cross join average
inner join record on record.customer_id = customer.customer_id
left join bought on bought.customer_id = customer.customer_id
left join habits on habits.customer_id = customer.customer_id
left join contacted on contacted.customer_id = customer.customer_id
left join scores.score_customer_prospective_value as worth
    on worth.customer_id = customer.customer_id and worth.as_of_date = {day}
left join scores.score_customer_activity as activity
    on activity.customer_id = customer.customer_id and activity.as_of_date = {day}
where customer.is_current and customer.customer_id <> -1
    and (customer.registered_date_key = -1 or customer.registered_date_key <= {end_key})
"""


def read_customer_days(connection: duckdb.DuckDBPyConnection, as_of: date) -> str:
    """Fill `decision_customer_day`; returns the value basis.

    A row a customer and day with an order line: its value, whether it counts as a purchase, and how many of its lines
    are of products that have a category.
    """
    basis = value_basis(connection, as_of, 0.5)
    connection.execute(_DAYS.format(value=line_value(basis), end_key=date_key(as_of)))
    return basis[0]


def band_of(last: str, day: str, year_count: str) -> str:
    """Write the SQL of the band: how lately and how often a customer bought, as of a day."""
    return _BAND.format(last=last, day=day, year_count=year_count)


def read_customers(connection: duckdb.DuckDBPyConnection, as_of: date, policy: DecisionPolicy) -> None:
    """Fill `decision_customer`: a row a customer with a record to contact; value, habits, recent contacts.

    Needs `decision_customer_day`. The value of an order is the score of the day, or everybody's mean without one.
    """
    day = f"date '{as_of.isoformat()}'"
    connection.execute(
        _CUSTOMERS.format(
            day=day,
            quarters_before=QUARTERS_BEFORE,
            end_key=date_key(as_of),
            window_key=date_key(as_of - timedelta(days=policy.contact_window_days)),
            window_days=policy.response_window_days,
            aftermath_days=policy.aftermath_days,
            time_zone=policy.time_zone,
            earliest_hour=policy.earliest_hour,
            latest_hour=policy.latest_hour,
            default_hour=policy.default_hour,
            band=band_of("bought.last_on", day, "bought.year_count"),
        )
    )


def read_redemption_share(connection: duckdb.DuckDBPyConnection, as_of: date, policy: DecisionPolicy) -> float:
    """Share of contacted customers' orders in the window that used the offer; the policy's share where none is seen."""
    row = connection.execute(
        """select count(*) filter (where redeemed_at is not null), count(*)
        from warehouse.fct_campaign_contact
        where not coalesce(is_control, false) and is_ordered and sent_date_key > 0 and sent_date_key < ?
            and campaign_ref in (
                select campaign_ref from warehouse.fct_campaign_contact where redeemed_at is not null
            )""",
        [date_key(as_of - timedelta(days=policy.response_window_days))],
    ).fetchone()
    redeemed, ordered = (int(v) for v in row) if row else (0, 0)
    return redeemed / ordered if redeemed and ordered >= 30 else policy.redemption_share
