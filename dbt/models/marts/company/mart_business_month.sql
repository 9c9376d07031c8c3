-- The company month by month, before the day: what the figures of the KPI catalogue are made of.
with months as (
    select
        month_start_date,
        max(date_day) as last_day
    from {{ ref('dim_date') }}
    where date_key <> -1 and date_day < {{ as_of_date() }}
    group by month_start_date
),

-- Who orders for the first time is new; orders that name nobody count, their customer does not.
customer_orders as (
    select
        month_start_date,
        sum(order_count) as order_count,
        sum(net_amount) as net_amount,
        sum(case when customer_id <> -1 then 1 else 0 end) as customer_count,
        sum(case when customer_id <> -1 and month_start_date = first_month then 1 else 0 end) as new_customer_count
    from (
        select
            customer_id,
            month_start_date,
            order_count,
            net_amount,
            min(month_start_date) over (partition by customer_id) as first_month
        from {{ ref('fct_customer_month') }}
        where order_count > 0
    ) as dated
    group by month_start_date
),

order_lines as (
    select
        {{ month_key('order_date_key') }} as month_date_key,
        sum(margin_amount) as margin_amount,
        sum(case when margin_amount is not null then net_amount end) as costed_net_amount
    from {{ ref('fct_order_line') }}
    where not is_cancelled and ordered_at < {{ as_of_at() }}
    group by {{ month_key('order_date_key') }}
),

returns as (
    select
        {{ month_key('return_date_key') }} as month_date_key,
        sum(refund_amount) as refund_amount
    from {{ ref('fct_return') }}
    where returned_at < {{ as_of_at() }}
    group by {{ month_key('return_date_key') }}
),

contacts as (
    select
        month_start_date,
        sum(inbound_contact_count) as inbound_contact_count,
        sum(outbound_contact_count) as outbound_contact_count,
        sum(campaign_contact_count) as campaign_contact_count,
        sum(responded_count) as responded_count,
        sum(cost_amount) as contact_cost_amount
    from {{ ref('mart_channel_performance') }}
    group by month_start_date
),

visits as (
    select
        {{ month_key('session_date_key') }} as month_date_key,
        count(*) as visit_count,
        sum(case when purchase_count > 0 then 1 else 0 end) as buying_visit_count
    from {{ ref('fct_web_session') }}
    where started_at < {{ as_of_at() }}
    group by {{ month_key('session_date_key') }}
),

cases as (
    select
        {{ month_key('opened_date_key') }} as month_date_key,
        count(*) as case_count,
        sum(case when is_complaint then 1 else 0 end) as complaint_count,
        avg(first_response_business_minutes) / 60.0 as first_response_hours,
        avg(resolution_business_minutes) / 60.0 as resolution_hours,
        avg(satisfaction_score) as satisfaction_score,
        avg(
            case
                when recommend_score >= 9 then 100.0
                when recommend_score <= 6 then -100.0
                when recommend_score >= 7 then 0.0
            end
        ) as net_promoter_score
    from {{ ref('fct_service_case') }}
    where opened_at < {{ as_of_at() }}
    group by {{ month_key('opened_date_key') }}
),

stages as (
    select
        month_start_date,
        sum(customer_count) as awake_customer_count,
        sum(case when lifecycle_stage in ('dormant', 'lost') then customer_count else 0 end) as silenced_customer_count
    from {{ ref('mart_lifecycle_flow') }}
    where former_lifecycle_stage in ('new', 'active', 'loyal', 'at_risk')
    group by month_start_date
)

select
    months.month_start_date,
    {{ date_key('months.month_start_date') }} as month_date_key,
    months.last_day,
    {{ add_days('months.last_day', 1) }} = {{ month_start(add_days('months.last_day', 1)) }} as is_complete,
    cast(coalesce(customer_orders.order_count, 0) as bigint) as order_count,
    cast(coalesce(customer_orders.net_amount, 0) as {{ type_money() }}) as net_amount,
    cast(order_lines.margin_amount as {{ type_money() }}) as margin_amount,
    cast(order_lines.costed_net_amount as {{ type_money() }}) as costed_net_amount,
    cast(coalesce(returns.refund_amount, 0) as {{ type_money() }}) as refund_amount,
    cast(coalesce(customer_orders.customer_count, 0) as bigint) as ordering_customer_count,
    cast(coalesce(customer_orders.new_customer_count, 0) as bigint) as new_customer_count,
    cast(coalesce(stages.awake_customer_count, 0) as bigint) as awake_customer_count,
    cast(coalesce(stages.silenced_customer_count, 0) as bigint) as silenced_customer_count,
    cast(coalesce(contacts.inbound_contact_count, 0) as bigint) as inbound_contact_count,
    cast(coalesce(contacts.outbound_contact_count, 0) as bigint) as outbound_contact_count,
    cast(coalesce(contacts.campaign_contact_count, 0) as bigint) as campaign_contact_count,
    cast(coalesce(contacts.responded_count, 0) as bigint) as responded_count,
    cast(coalesce(contacts.contact_cost_amount, 0) as {{ type_money() }}) as contact_cost_amount,
    cast(coalesce(visits.visit_count, 0) as bigint) as visit_count,
    cast(coalesce(visits.buying_visit_count, 0) as bigint) as buying_visit_count,
    cast(coalesce(cases.case_count, 0) as bigint) as case_count,
    cast(coalesce(cases.complaint_count, 0) as bigint) as complaint_count,
    cast(cases.first_response_hours as {{ type_double() }}) as first_response_hours,
    cast(cases.resolution_hours as {{ type_double() }}) as resolution_hours,
    cast(cases.satisfaction_score as {{ type_double() }}) as satisfaction_score,
    cast(cases.net_promoter_score as {{ type_double() }}) as net_promoter_score
from months
left join customer_orders on months.month_start_date = customer_orders.month_start_date
left join order_lines on {{ date_key('months.month_start_date') }} = order_lines.month_date_key
left join returns on {{ date_key('months.month_start_date') }} = returns.month_date_key
left join contacts on months.month_start_date = contacts.month_start_date
left join visits on {{ date_key('months.month_start_date') }} = visits.month_date_key
left join cases on {{ date_key('months.month_start_date') }} = cases.month_date_key
left join stages on months.month_start_date = stages.month_start_date
