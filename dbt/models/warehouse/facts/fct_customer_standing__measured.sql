{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- What customers are ranked by at the end of each month, from the first one that is ranked again. `fct_customer_month`
-- is dense: twelve rows are twelve months, and a year lies between two keys that are 10,000 apart.
with first_ranked as (select month_date_key from {{ ref('fct_customer_standing__touched') }}),

months as (
    select
        *,
        month_date_key >= (select first_ranked.month_date_key from first_ranked) as is_ranked
    from {{ ref('fct_customer_month') }}
    where
        customer_id <> -1
        and month_date_key >= (select first_ranked.month_date_key - 10000 from first_ranked)
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
),

summed as (
    select
        months.customer_month_key,
        months.customer_id,
        months.customer_key,
        months.month_start_date,
        months.month_date_key,
        months.lifecycle_stage,
        months.recency_days,
        months.is_ranked,
        months._loaded_at,
        sum(case when months.is_ranked then months.order_count else 0 end) over until_then as order_count_since,
        sum(case when months.is_ranked then months.net_amount else 0 end) over until_then as net_amount_since,
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
)

select * from summed
where is_ranked
