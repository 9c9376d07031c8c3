{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('customer_id', ref('mart_customer__touched')) }}",
    post_hook="{{ count_days_to_today() }}"
) }}

-- What each customer bought and sent back before the day. The unknown customer is here too, so that the sums are
-- those of the facts.
with orders as (
    select
        customer_id,
        order_key,
        {{ date_of('min(order_date_key)') }} as ordered_on,
        min(ordered_at) as ordered_at,
        count(*) as line_count,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount,
        sum(margin_amount) as margin_amount,
        sum(discount_amount) as discount_amount,
        max(case when coupon_code is not null then 1 else 0 end) as coupon_count
    from {{ ref('fct_order_line') }}
    where not is_cancelled and ordered_at < {{ as_of_at() }} and {{ is_told_anew('customer_id') }}
    group by customer_id, order_key
),

paced as (
    select
        *,
        ordered_on >= {{ add_days(as_of_date(), -365) }} as is_recent,
        {{ days_between('lag(ordered_on) over in_turn', 'ordered_on') }} as gap_days,
        lead(order_key) over in_turn is null as is_last
    from orders
    window in_turn as (partition by customer_id order by ordered_at, order_key)
),

purchases as (
    select
        customer_id,
        count(*) as order_count,
        sum(case when is_recent then 1 else 0 end) as order_count_365d,
        sum(line_count) as line_count,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount,
        sum(case when is_recent then net_amount end) as net_amount_365d,
        sum(margin_amount) as margin_amount,
        sum(case when is_recent then margin_amount end) as margin_amount_365d,
        sum(discount_amount) as discount_amount,
        sum(coupon_count) as coupon_order_count,
        min(ordered_on) as first_ordered_on,
        max(ordered_on) as last_ordered_on,
        avg(gap_days) as average_gap_days,
        max(case when is_last then gap_days end) as last_gap_days
    from paced
    group by customer_id
),

returns as (
    select
        customer_id,
        count(*) as return_line_count,
        sum(refund_amount) as refund_amount,
        {{ date_of('max(return_date_key)') }} as last_returned_on
    from {{ ref('fct_return') }}
    where returned_at < {{ as_of_at() }} and {{ is_told_anew('customer_id') }}
    group by customer_id
)

select
    coalesce(purchases.customer_id, returns.customer_id) as customer_id,
    cast(coalesce(purchases.order_count, 0) as bigint) as order_count,
    cast(coalesce(purchases.order_count_365d, 0) as bigint) as order_count_365d,
    cast(coalesce(purchases.line_count, 0) as bigint) as line_count,
    cast(coalesce(purchases.quantity, 0) as {{ type_money() }}) as quantity,
    cast(coalesce(purchases.net_amount, 0) as {{ type_money() }}) as net_amount,
    cast(coalesce(purchases.net_amount_365d, 0) as {{ type_money() }}) as net_amount_365d,
    cast(purchases.margin_amount as {{ type_money() }}) as margin_amount,
    cast(purchases.margin_amount_365d as {{ type_money() }}) as margin_amount_365d,
    cast(coalesce(purchases.discount_amount, 0) as {{ type_money() }}) as discount_amount,
    cast(coalesce(returns.refund_amount, 0) as {{ type_money() }}) as refund_amount,
    cast(purchases.net_amount / nullif(purchases.order_count, 0) as {{ type_money() }}) as average_order_amount,
    cast(coalesce(purchases.coupon_order_count, 0) as bigint) as coupon_order_count,
    cast(coalesce(returns.return_line_count, 0) as bigint) as return_line_count,
    purchases.first_ordered_on,
    purchases.last_ordered_on,
    returns.last_returned_on,
    cast({{ days_between('purchases.last_ordered_on', as_of_date()) }} as bigint) as recency_days,
    cast({{ days_between('purchases.first_ordered_on', as_of_date()) }} as bigint) as tenure_days,
    cast(purchases.average_gap_days as {{ type_double() }}) as average_gap_days,
    cast(purchases.last_gap_days as bigint) as last_gap_days
from purchases
full join returns on purchases.customer_id = returns.customer_id
