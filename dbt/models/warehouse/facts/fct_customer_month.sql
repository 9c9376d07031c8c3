{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='customer_month_key',
    pre_hook=[
        "{{ keep_former(
            ranked_columns() + ['lifecycle_stage'], touched=ref('fct_customer_month__touched'), by='customer_id'
        ) }}",
        "{{ forget_touched('customer_id', ref('fct_customer_month__touched')) }}",
        "{{ forget_open_months() }}"
    ]
) }}

-- Dense: a customer has a row for every month from his first one, or from the first month of which anything is known,
-- to the month of the day that is built for. A month is judged on its last day, the last one on that day.
with calendar as (
    select
        month_start_date,
        min(date_key) as month_date_key,
        least(max(date_day), {{ as_of_date() }}) as judged_on,
        {{ start_of_day('least(' ~ add_days('max(date_day)', 1) ~ ', ' ~ as_of_date() ~ ')') }} as judged_at
    from {{ ref('dim_date') }}
    where
        month_start_date <= {{ as_of_date() }}
        and date_key >= (select bounded.first_month_date_key from {{ ref('fct_customer_month__bounded') }} as bounded)
    group by month_start_date
),

states as (
    select
        *,
        {{ first_month_made('customer_id', ref('fct_customer_month__touched')) }} as first_month_made
    from {{ ref('fct_customer_month__carried') }}
),

dense as (
    select
        states.*,
        calendar.month_start_date,
        calendar.month_date_key as this_month_date_key,
        calendar.judged_at,
        calendar.month_date_key = states.month_date_key as is_active,
        coalesce({{ days_between('states.last_order_so_far_on', 'calendar.judged_on') }}, -1) as recency_days,
        coalesce({{ days_between('states.first_order_ever_on', 'calendar.judged_on') }}, -1) as tenure_days
    from states
    inner join calendar
        on
            greatest(states.month_date_key, states.first_month_made) <= calendar.month_date_key
            and (states.next_month_date_key is null or states.next_month_date_key > calendar.month_date_key)
    where states.next_month_date_key is null or states.next_month_date_key > states.first_month_made
),

ruled as (
    select
        dense.*,
        by_orders.rule_bits & by_recency.rule_bits & by_tenure.rule_bits as rule_bits
    from dense
    left join {{ ref('int_lifecycle_rule__spread') }} as by_orders
        on by_orders.measure = 'order_count' and least(dense.order_count_so_far, 1000) = by_orders.number
    left join {{ ref('int_lifecycle_rule__spread') }} as by_recency
        on by_recency.measure = 'recency_days' and dense.recency_days = by_recency.number
    left join {{ ref('int_lifecycle_rule__spread') }} as by_tenure
        on by_tenure.measure = 'tenure_days' and dense.tenure_days = by_tenure.number
)

select
    {{ surrogate_key(['ruled.customer_id', 'ruled.this_month_date_key']) }} as customer_month_key,
    ruled.customer_id,
    coalesce(customers.customer_key, -1) as customer_key,
    ruled.month_start_date,
    ruled.this_month_date_key as month_date_key,
    cast(case when ruled.is_active then coalesce(ruled.order_count, 0) else 0 end as bigint) as order_count,
    cast(case when ruled.is_active then coalesce(ruled.line_count, 0) else 0 end as bigint) as line_count,
    cast(case when ruled.is_active then coalesce(ruled.quantity, 0) else 0 end as {{ type_money() }}) as quantity,
    cast(case when ruled.is_active then coalesce(ruled.net_amount, 0) else 0 end as {{ type_money() }}) as net_amount,
    cast(
        case when ruled.is_active and ruled.order_count > 0 then ruled.margin_amount else 0 end as {{ type_money() }}
    ) as margin_amount,
    cast(case when ruled.is_active then coalesce(ruled.refund_amount, 0) else 0 end as {{ type_money() }})
        as refund_amount,
    cast(case when ruled.is_active then coalesce(ruled.contact_count, 0) else 0 end as bigint) as contact_count,
    cast(case when ruled.is_active then coalesce(ruled.inbound_contact_count, 0) else 0 end as bigint)
        as inbound_contact_count,
    cast(case when ruled.is_active then coalesce(ruled.outbound_contact_count, 0) else 0 end as bigint)
        as outbound_contact_count,
    cast(case when ruled.is_active then coalesce(ruled.case_count, 0) else 0 end as bigint) as case_count,
    cast(case when ruled.is_active then coalesce(ruled.complaint_count, 0) else 0 end as bigint) as complaint_count,
    cast(case when ruled.is_active then coalesce(ruled.visit_count, 0) else 0 end as bigint) as visit_count,
    cast(case when ruled.is_active then coalesce(ruled.points_earned, 0) else 0 end as {{ type_money() }})
        as points_earned,
    cast(case when ruled.is_active then coalesce(ruled.points_redeemed, 0) else 0 end as {{ type_money() }})
        as points_redeemed,
    cast(ruled.points_balance as {{ type_money() }}) as points_balance,
    cast(nullif(ruled.recency_days, -1) as bigint) as recency_days,
    case when ruled.customer_id <> -1 then rules.lifecycle_stage end as lifecycle_stage,
    ruled._loaded_at
from ruled
-- The lowest bit is the first rule that holds.
left join {{ ref('lifecycle_rule') }} as rules
    on ruled.rule_bits & -ruled.rule_bits = cast(power(2, rules.position) as bigint)
left join {{ ref('dim_customer') }} as customers
    on
        ruled.customer_id = customers.customer_id
        and ruled.judged_at > customers.valid_from
        and ruled.judged_at <= customers.valid_to
