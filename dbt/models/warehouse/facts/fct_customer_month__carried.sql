{{ config(
    materialized='incremental',
    incremental_strategy='append',
    schema='intermediate',
    contract={'enforced': false},
    pre_hook="{{ forget_touched('customer_id', ref('fct_customer_month__touched')) }}"
) }}

-- The months in which a customer did anything, each with what had come about by then and how long that stayed so. Only
-- these few pass through the window; the quiet months between them are filled in afterwards. Sums are wider than what
-- they add up, and many times as dear to read.
select
    customer_id,
    month_date_key,
    cast(order_count as bigint) as order_count,
    cast(line_count as bigint) as line_count,
    cast(quantity as {{ type_money() }}) as quantity,
    cast(net_amount as {{ type_money() }}) as net_amount,
    cast(margin_amount as {{ type_money() }}) as margin_amount,
    cast(refund_amount as {{ type_money() }}) as refund_amount,
    cast(contact_count as bigint) as contact_count,
    cast(inbound_contact_count as bigint) as inbound_contact_count,
    cast(outbound_contact_count as bigint) as outbound_contact_count,
    cast(case_count as bigint) as case_count,
    cast(complaint_count as bigint) as complaint_count,
    cast(visit_count as bigint) as visit_count,
    cast(points_earned as {{ type_money() }}) as points_earned,
    cast(points_redeemed as {{ type_money() }}) as points_redeemed,
    cast(coalesce(sum(order_count) over so_far, 0) as bigint) as order_count_so_far,
    min(first_order_on) over so_far as first_order_ever_on,
    max(last_order_on) over so_far as last_order_so_far_on,
    cast(coalesce(sum(points) over so_far, 0) as {{ type_money() }}) as points_balance,
    max(_loaded_at) over so_far as _loaded_at,
    lead(month_date_key) over (partition by customer_id order by month_date_key) as next_month_date_key
from {{ ref('fct_customer_month__active') }}
window so_far as (partition by customer_id order by month_date_key rows unbounded preceding)
