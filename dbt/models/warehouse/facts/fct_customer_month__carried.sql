{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- Every month of every customer, from his first one or from the first month of which anything is known, with what has
-- come about so far. A month is judged on its last day, the last month on the day that is built for.
with active as (select * from {{ ref('fct_customer_month__active') }}),

calendar as (
    select
        month_start_date,
        min(date_key) as month_date_key,
        least(max(date_day), {{ as_of_date() }}) as judged_on,
        {{ start_of_day('least(' ~ add_days('max(date_day)', 1) ~ ', ' ~ as_of_date() ~ ')') }} as judged_at
    from {{ ref('dim_date') }}
    where month_start_date <= {{ as_of_date() }} and date_key >= (select min(active.month_date_key) from active)
    group by month_start_date
),

beginnings as (
    select
        customer_id,
        min(month_date_key) as first_month_date_key
    from (
        select
            customer_id,
            month_date_key
        from active
        union all
        select
            customer_id,
            {{ month_key('registered_date_key') }}
        from {{ ref('dim_customer') }}
        where is_current and registered_at is not null
    ) as beginning
    group by customer_id
),

-- Only what has to be carried on from month to month passes through the window.
carried as (
    select
        beginnings.customer_id,
        calendar.month_date_key,
        calendar.month_start_date,
        calendar.judged_on,
        calendar.judged_at,
        coalesce(sum(active.order_count) over so_far, 0) as order_count_so_far,
        min(active.first_order_on) over so_far as first_order_on,
        max(active.last_order_on) over so_far as last_order_on,
        coalesce(sum(active.points) over so_far, 0) as points_balance,
        max(active._loaded_at) over so_far as _loaded_at
    from beginnings
    inner join calendar on beginnings.first_month_date_key <= calendar.month_date_key
    left join active
        on beginnings.customer_id = active.customer_id and calendar.month_date_key = active.month_date_key
    window so_far as (
        partition by beginnings.customer_id order by calendar.month_date_key rows unbounded preceding
    )
)

select
    *,
    {{ days_between('last_order_on', 'judged_on') }} as recency_days,
    {{ days_between('first_order_on', 'judged_on') }} as tenure_days
from carried
