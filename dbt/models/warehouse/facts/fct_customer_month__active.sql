{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- What customers did in the months in which they did anything, and the month of registration.
with orders as (
    select
        customer_id,
        order_key,
        {{ month_key('order_date_key') }} as month_date_key,
        count(*) as line_count,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount,
        sum(margin_amount) as margin_amount,
        min(ordered_at) as ordered_at,
        max(_loaded_at) as _loaded_at
    from {{ ref('fct_order_line') }}
    where not is_cancelled and {{ is_counted('ordered_at') }}
    group by customer_id, order_key, {{ month_key('order_date_key') }}
),

order_months as (
    select
        customer_id,
        month_date_key,
        count(*) as order_count,
        sum(line_count) as line_count,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount,
        sum(margin_amount) as margin_amount,
        {{ local_date('min(ordered_at)') }} as first_order_on,
        {{ local_date('max(ordered_at)') }} as last_order_on,
        max(_loaded_at) as _loaded_at
    from orders
    group by customer_id, month_date_key
),

returns as (
    select
        customer_id,
        {{ month_key('return_date_key') }} as month_date_key,
        sum(refund_amount) as refund_amount,
        max(_loaded_at) as _loaded_at
    from {{ ref('fct_return') }}
    where {{ is_counted('returned_at') }}
    group by customer_id, {{ month_key('return_date_key') }}
),

touchpoints as (
    select
        customer_id,
        {{ month_key('touchpoint_date_key') }} as month_date_key,
        sum(case when touchpoint_kind in ('contact', 'campaign_contact') then 1 else 0 end) as contact_count,
        sum(
            case when touchpoint_kind = 'contact' and direction = 'inbound' then 1 else 0 end
        ) as inbound_contact_count,
        sum(case when touchpoint_kind = 'service_case' then 1 else 0 end) as case_count,
        sum(case when touchpoint_kind = 'service_case' and purpose = 'complaint' then 1 else 0 end) as complaint_count,
        sum(case when touchpoint_kind = 'web_session' then 1 else 0 end) as visit_count,
        max(_loaded_at) as _loaded_at
    from {{ ref('fct_touchpoint') }}
    where {{ is_counted('occurred_at') }}
    group by customer_id, {{ month_key('touchpoint_date_key') }}
),

points as (
    select
        customer_id,
        {{ month_key('entry_date_key') }} as month_date_key,
        sum(case when kind in ('earn', 'referral') then points else 0 end) as points_earned,
        sum(case when kind = 'redeem' then -points else 0 end) as points_redeemed,
        sum(points) as points,
        max(_loaded_at) as _loaded_at
    from {{ ref('fct_loyalty_entry') }}
    where {{ is_counted('occurred_at') }}
    group by customer_id, {{ month_key('entry_date_key') }}
),

months as (
    select
        customer_id,
        month_date_key
    from order_months
    union distinct
    select
        customer_id,
        month_date_key
    from returns
    union distinct
    select
        customer_id,
        month_date_key
    from touchpoints
    union distinct
    select
        customer_id,
        month_date_key
    from points
    union distinct
    select
        customer_id,
        {{ month_key('registered_date_key') }} as month_date_key
    from {{ ref('dim_customer') }}
    where is_current and {{ is_counted('registered_at') }}
)

select
    months.customer_id,
    months.month_date_key,
    orders.order_count,
    orders.line_count,
    orders.quantity,
    orders.net_amount,
    orders.margin_amount,
    orders.first_order_on,
    orders.last_order_on,
    returns.refund_amount,
    touchpoints.contact_count,
    touchpoints.inbound_contact_count,
    touchpoints.contact_count - touchpoints.inbound_contact_count as outbound_contact_count,
    touchpoints.case_count,
    touchpoints.complaint_count,
    touchpoints.visit_count,
    points.points_earned,
    points.points_redeemed,
    points.points,
    greatest(orders._loaded_at, returns._loaded_at, touchpoints._loaded_at, points._loaded_at) as _loaded_at
from months
left join order_months as orders
    on months.customer_id = orders.customer_id and months.month_date_key = orders.month_date_key
left join returns on months.customer_id = returns.customer_id and months.month_date_key = returns.month_date_key
left join touchpoints
    on months.customer_id = touchpoints.customer_id and months.month_date_key = touchpoints.month_date_key
left join points on months.customer_id = points.customer_id and months.month_date_key = points.month_date_key
