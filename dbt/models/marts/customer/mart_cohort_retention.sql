-- Of the customers who first ordered in a month, how many ordered again in each month since, and for how much.
with orders as (
    select
        customer_id,
        month_start_date,
        order_count,
        net_amount,
        margin_amount
    from {{ ref('fct_customer_month') }}
    where order_count > 0 and customer_id <> -1
),

entries as (
    select
        customer_id,
        min(month_start_date) as cohort_month
    from orders
    group by customer_id
),

cohorts as (
    select
        cohort_month,
        count(*) as cohort_customer_count
    from entries
    group by cohort_month
),

months as (
    select distinct month_start_date
    from {{ ref('dim_date') }}
    where date_key <> -1 and date_day < {{ as_of_date() }}
),

active as (
    select
        entries.cohort_month,
        orders.month_start_date,
        count(*) as active_customer_count,
        sum(orders.order_count) as order_count,
        sum(orders.net_amount) as net_amount,
        sum(orders.margin_amount) as margin_amount
    from orders
    inner join entries on orders.customer_id = entries.customer_id
    group by entries.cohort_month, orders.month_start_date
)

select
    cohorts.cohort_month,
    months.month_start_date,
    cast(
        (extract(year from months.month_start_date) - extract(year from cohorts.cohort_month)) * 12
        + extract(month from months.month_start_date) - extract(month from cohorts.cohort_month) as bigint
    ) as months_since,
    cast(cohorts.cohort_customer_count as bigint) as cohort_customer_count,
    cast(coalesce(active.active_customer_count, 0) as bigint) as active_customer_count,
    {{ share_of('coalesce(active.active_customer_count, 0)', 'cohorts.cohort_customer_count') }} as retention_share,
    cast(coalesce(active.order_count, 0) as bigint) as order_count,
    cast(coalesce(active.net_amount, 0) as {{ type_money() }}) as net_amount,
    cast(active.margin_amount as {{ type_money() }}) as margin_amount,
    cast(sum(coalesce(active.net_amount, 0)) over (
        partition by cohorts.cohort_month order by months.month_start_date rows unbounded preceding
    ) / cohorts.cohort_customer_count as {{ type_money() }}) as cumulated_net_amount_per_customer
from cohorts
inner join months on cohorts.cohort_month <= months.month_start_date
left join active on cohorts.cohort_month = active.cohort_month and months.month_start_date = active.month_start_date
