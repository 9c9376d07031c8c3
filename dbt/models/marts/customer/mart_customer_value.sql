-- What each customer is worth on the day: what he brought in the last 12 months and what he is expected to bring.
with current_value as (
    select * from {{ source('scores', 'score_customer_current_value') }}
    where as_of_date = {{ as_of_date() }}
),

activity as (
    select * from {{ source('scores', 'score_customer_activity') }}
    where as_of_date = {{ as_of_date() }}
),

prospective_value as (
    select * from {{ source('scores', 'score_customer_prospective_value') }}
    where as_of_date = {{ as_of_date() }}
),

valued as (
    select customer_id from current_value
    union
    select customer_id from activity
    union
    select customer_id from prospective_value
)

select
    valued.customer_id,
    {{ as_of_date() }} as as_of_date,
    coalesce(current_value.value_basis, prospective_value.value_basis) as value_basis,
    current_value.revenue_amount,
    current_value.margin_amount,
    current_value.refund_amount,
    current_value.contact_cost_amount,
    current_value.service_cost_amount,
    current_value.current_value_amount,
    coalesce(current_value.current_value_amount < 0, false) as is_unprofitable,
    cast(rank() over (order by current_value.current_value_amount desc nulls last) as bigint) as current_value_rank,
    activity.active_probability,
    activity.active_probability_low,
    activity.active_probability_high,
    activity.expected_order_count,
    activity.expected_order_count_low,
    activity.expected_order_count_high,
    prospective_value.expected_order_amount,
    prospective_value.prospective_value_amount,
    prospective_value.prospective_value_amount_low,
    prospective_value.prospective_value_amount_high,
    cast(
        rank() over (order by prospective_value.prospective_value_amount desc nulls last) as bigint
    ) as prospective_value_rank,
    prospective_value.horizon_days
from valued
left join current_value on valued.customer_id = current_value.customer_id
left join activity on valued.customer_id = activity.customer_id
left join prospective_value on valued.customer_id = prospective_value.customer_id
where valued.customer_id <> -1
