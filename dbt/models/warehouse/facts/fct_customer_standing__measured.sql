{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- What customers are ranked by at the end of each month, from the first one that is ranked again. A year lies between
-- two keys of months that are 10,000 apart.
with first_ranked as (select month_date_key from {{ ref('fct_customer_standing__touched') }}),

ranked as (
    select *
    from {{ ref('fct_customer_month') }}
    where
        customer_id <> -1
        and month_date_key >= (select first_ranked.month_date_key from first_ranked)
),

-- The few months in which somebody bought, or gave something back, within the year before.
bought as (
    select
        customer_id,
        month_date_key,
        order_count,
        net_amount,
        margin_amount,
        refund_amount
    from {{ ref('fct_customer_month') }}
    where
        customer_id <> -1
        and (order_count > 0 or refund_amount <> 0)
        and month_date_key > (select first_ranked.month_date_key - 10000 from first_ranked)
),

-- Who has no known cost in a month earns the share that the others do; where nobody's is known, value is revenue.
margin as (
    select
        month_date_key,
        coalesce(sum(margin_amount) / nullif(sum(case when margin_amount is not null then net_amount end), 0), 1)
            as margin_share
    from bought
    where order_count > 0
    group by month_date_key
),

months as (select distinct month_date_key from ranked),

last_year as (
    select
        bought.customer_id,
        months.month_date_key,
        sum(bought.order_count) as order_count,
        sum(
            coalesce(bought.margin_amount, cast(bought.net_amount * margin.margin_share as {{ type_money() }}))
            - bought.refund_amount
        ) as value_amount
    from bought
    left join margin on bought.month_date_key = margin.month_date_key
    inner join months
        on
            bought.month_date_key <= months.month_date_key
            and bought.month_date_key > months.month_date_key - 10000
    group by bought.customer_id, months.month_date_key
)

select
    ranked.customer_month_key,
    ranked.customer_id,
    ranked.customer_key,
    ranked.month_start_date,
    ranked.month_date_key,
    ranked.lifecycle_stage,
    ranked.recency_days,
    ranked._loaded_at,
    sum(ranked.order_count) over until_then as order_count_since,
    sum(ranked.net_amount) over until_then as net_amount_since,
    coalesce(last_year.order_count, 0) as order_count_12m,
    coalesce(last_year.value_amount, 0) as value_amount_12m
from ranked
left join last_year
    on ranked.customer_id = last_year.customer_id and ranked.month_date_key = last_year.month_date_key
window until_then as (partition by ranked.customer_id order by ranked.month_date_key rows unbounded preceding)
