-- How customers moved between the stages of life from one month to the next.
with followed as (
    select
        month_start_date,
        lifecycle_stage,
        lag(lifecycle_stage) over (partition by customer_id order by month_start_date) as former_lifecycle_stage
    from {{ ref('fct_customer_month') }}
    where customer_id <> -1
)

select
    month_start_date,
    coalesce(former_lifecycle_stage, 'none') as former_lifecycle_stage,
    coalesce(lifecycle_stage, 'none') as lifecycle_stage,
    count(*) as customer_count
from followed
group by month_start_date, coalesce(former_lifecycle_stage, 'none'), coalesce(lifecycle_stage, 'none')
