{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- Customers are compared with those who had ordered by then, in value with those who bought within the twelve months;
-- who is not compared has nothing there.
select
    months.customer_month_key,
    months.customer_id,
    months.customer_key,
    months.month_start_date,
    months.month_date_key,
    months.lifecycle_stage,
    months.recency_days,
    months._loaded_at,
    coalesce(carried.order_count_to_date, 0) as order_count_to_date,
    coalesce(carried.net_amount_to_date, 0) as net_amount_to_date,
    coalesce(carried.order_count_12m, 0) as order_count_12m,
    coalesce(carried.value_amount_12m, 0) as value_amount_12m,
    case when carried.order_count_to_date > 0 then cast(-months.recency_days as {{ type_money() }}) end as recency,
    case when carried.order_count_to_date > 0 then cast(carried.order_count_to_date as {{ type_money() }}) end
        as frequency,
    case when carried.order_count_to_date > 0 then carried.net_amount_to_date end as monetary,
    case when carried.order_count_12m > 0 then carried.value_amount_12m end as value
from {{ ref('fct_customer_month') }} as months
left join {{ ref('fct_customer_standing__carried') }} as carried
    on
        months.customer_id = carried.customer_id
        and months.month_date_key >= carried.month_date_key
        and months.month_date_key < carried.next_month_date_key
where
    months.customer_id <> -1
    and months.month_date_key >= (
        select first_ranked.month_date_key from {{ ref('fct_customer_standing__touched') }} as first_ranked
    )
