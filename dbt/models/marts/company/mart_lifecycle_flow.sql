{{ config(
    materialized='incremental',
    unique_key='month_start_date',
    pre_hook="{{ forget_months_to_come() }}",
    post_hook="delete from {{ this }} where customer_count = 0"
) }}

-- How customers moved between the stages of life from one month to the next. A daily run counts those who move in the
-- months that were not over, and those touched; of the latter what they were is taken off what was counted.
with months as (
    select
        customer_id,
        month_start_date,
        lifecycle_stage,
        {{ weight_of_month() }} as weight,
        false as is_former
    from {{ ref('fct_customer_month') }}
    where customer_id <> -1 {{ and_is_followed() }}
    {{ union_former_months() }}
),

followed as (
    select
        weight,
        month_start_date,
        lifecycle_stage,
        lag(lifecycle_stage) over (
            partition by customer_id, is_former order by month_start_date
        ) as former_lifecycle_stage
    from months
),

moved as (
    select
        weight,
        month_start_date,
        coalesce(former_lifecycle_stage, 'none') as former_lifecycle_stage,
        coalesce(lifecycle_stage, 'none') as lifecycle_stage
    from followed
    where weight <> 0
    {{ union_moves_counted() }}
)

select
    month_start_date,
    former_lifecycle_stage,
    lifecycle_stage,
    cast(sum(weight) as bigint) as customer_count
from moved
group by month_start_date, former_lifecycle_stage, lifecycle_stage
