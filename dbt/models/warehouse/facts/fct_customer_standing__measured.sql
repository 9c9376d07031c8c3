{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- What customers are ranked by at the end of each month. `fct_customer_month` is dense: twelve rows are twelve months.
with months as (
    select * from {{ ref('fct_customer_month') }}
    where customer_id <> -1
),

-- Who has no known cost in a month earns the share that the others do; where nobody's is known, value is revenue.
margin as (
    select
        month_date_key,
        coalesce(sum(margin_amount) / nullif(sum(case when margin_amount is not null then net_amount end), 0), 1)
            as margin_share
    from months
    where order_count > 0
    group by month_date_key
)

select
    months.customer_month_key,
    months.customer_id,
    months.customer_key,
    months.month_start_date,
    months.month_date_key,
    months.lifecycle_stage,
    months.recency_days,
    months._loaded_at,
    sum(months.order_count) over until_then as order_count_to_date,
    sum(months.net_amount) over until_then as net_amount_to_date,
    sum(months.order_count) over last_year as order_count_12m,
    sum(
        coalesce(months.margin_amount, cast(months.net_amount * margin.margin_share as {{ type_money() }}))
        - months.refund_amount
    ) over last_year as value_amount_12m
from months
left join margin on months.month_date_key = margin.month_date_key
window
    until_then as (partition by months.customer_id order by months.month_date_key rows unbounded preceding),
    last_year as (
        partition by months.customer_id order by months.month_date_key rows between 11 preceding and current row
    )
