{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- depends_on: {{ ref('fct_customer_standing__touched_customers') }}
with told as (
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
        coalesce(carried.value_amount_12m, 0) as value_amount_12m
    from {{ ref('fct_customer_month') }} as months{{ join_summed_anew('months') }}
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
    {{ union_open_months(ref('fct_customer_month')) }}
)

select
    *,
    {{ measures_of_standing() }}
from told
