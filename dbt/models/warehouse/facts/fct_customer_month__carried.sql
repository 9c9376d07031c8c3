{{ config(
    materialized='incremental',
    incremental_strategy='append',
    schema='intermediate',
    contract={'enforced': false},
    pre_hook="{{ forget_touched('customer_id', ref('fct_customer_month__touched')) }}"
) }}

-- The months in which a customer did anything, each with what had come about by then and how long that stayed so. Only
-- these few pass through the window; the quiet months between them are filled in afterwards.
select
    customer_id,
    month_date_key,
    order_count,
    line_count,
    quantity,
    net_amount,
    margin_amount,
    refund_amount,
    contact_count,
    inbound_contact_count,
    outbound_contact_count,
    case_count,
    complaint_count,
    visit_count,
    points_earned,
    points_redeemed,
    coalesce(sum(order_count) over so_far, 0) as order_count_so_far,
    min(first_order_on) over so_far as first_order_ever_on,
    max(last_order_on) over so_far as last_order_so_far_on,
    coalesce(sum(points) over so_far, 0) as points_balance,
    max(_loaded_at) over so_far as _loaded_at,
    lead(month_date_key) over (partition by customer_id order by month_date_key) as next_month_date_key
from {{ ref('fct_customer_month__active') }}
window so_far as (partition by customer_id order by month_date_key rows unbounded preceding)
