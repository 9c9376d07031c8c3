{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='customer_id',
    pre_hook="{{ forget_touched('customer_id', ref('mart_customer__touched')) }}"
) }}

-- What each customer buys: one row a customer and product category, before the day.
with bought as (
    select
        order_lines.customer_id,
        products.category,
        order_lines.order_key,
        order_lines.quantity,
        order_lines.net_amount,
        order_lines.order_date_key
    from {{ ref('fct_order_line') }} as order_lines
    inner join {{ ref('dim_product') }} as products on order_lines.product_key = products.product_key
    where
        not order_lines.is_cancelled
        and order_lines.ordered_at < {{ as_of_at() }}
        and order_lines.customer_id <> -1
        and {{ is_told_anew('order_lines.customer_id') }}
),

summed as (
    select
        customer_id,
        category,
        count(distinct order_key) as order_count,
        sum(quantity) as quantity,
        sum(net_amount) as net_amount,
        sum(
            case when order_date_key >= {{ date_key(add_days(as_of_date(), -365)) }} then net_amount else 0 end
        ) as net_amount_365d,
        {{ date_of('min(order_date_key)') }} as first_ordered_on,
        {{ date_of('max(order_date_key)') }} as last_ordered_on
    from bought
    group by customer_id, category
)

select
    customer_id,
    category,
    cast(order_count as bigint) as order_count,
    cast(quantity as {{ type_money() }}) as quantity,
    cast(coalesce(net_amount, 0) as {{ type_money() }}) as net_amount,
    cast(coalesce(net_amount_365d, 0) as {{ type_money() }}) as net_amount_365d,
    cast(
        net_amount / nullif(sum(net_amount) over (partition by customer_id), 0) as {{ type_double() }}
    ) as net_amount_share,
    cast(row_number() over (
        partition by customer_id
        order by case when category = 'unknown' then 1 else 0 end asc, net_amount desc nulls last, category asc
    ) as bigint) as category_rank,
    first_ordered_on,
    last_ordered_on
from summed
