-- Each segment in force: how many, how they move, what they are worth and how they can be reached.
with members as (
    select
        memberships.segment_name,
        customers.*
    from {{ ref('fct_segment_membership') }} as memberships
    inner join {{ ref('mart_customer_360') }} as customers on memberships.customer_id = customers.customer_id
    where memberships.is_current
),

moves as (
    select
        segment_name,
        sum(case when entered_on >= {{ add_days(as_of_date(), -28) }} then 1 else 0 end) as entered_count_28d,
        sum(case when exited_on >= {{ add_days(as_of_date(), -28) }} then 1 else 0 end) as exited_count_28d
    from {{ ref('fct_segment_membership') }}
    group by segment_name
),

everybody as (
    select count(*) as customer_count from {{ ref('mart_customer_360') }}
),

totals as (
    select
        segment_name,
        count(*) as customer_count,
        sum(net_amount_365d) as net_amount_365d,
        sum(current_value_amount) as current_value_amount,
        sum(prospective_value_amount) as prospective_value_amount,
        avg(active_probability) as average_active_probability,
        avg(response_share) as average_response_share,
        avg(case when is_reachable then 1.0 else 0.0 end) as reachable_share,
        avg(case when is_email_permitted then 1.0 else 0.0 end) as email_permitted_share
    from members
    group by segment_name
)

select
    segments.segment_name,
    segments.description,
    segments.owner,
    segments.criterion,
    cast(coalesce(totals.customer_count, 0) as bigint) as customer_count,
    {{ share_of('coalesce(totals.customer_count, 0)', 'everybody.customer_count') }} as customer_share,
    cast(coalesce(moves.entered_count_28d, 0) as bigint) as entered_count_28d,
    cast(coalesce(moves.exited_count_28d, 0) as bigint) as exited_count_28d,
    cast(coalesce(totals.net_amount_365d, 0) as {{ type_money() }}) as net_amount_365d,
    cast(totals.current_value_amount as {{ type_money() }}) as current_value_amount,
    cast(totals.prospective_value_amount as {{ type_money() }}) as prospective_value_amount,
    cast(
        totals.current_value_amount / nullif(totals.customer_count, 0) as {{ type_money() }}
    ) as average_current_value_amount,
    cast(
        totals.prospective_value_amount / nullif(totals.customer_count, 0) as {{ type_money() }}
    ) as average_prospective_value_amount,
    cast(totals.average_active_probability as {{ type_double() }}) as average_active_probability,
    cast(totals.average_response_share as {{ type_double() }}) as average_response_share,
    cast(totals.reachable_share as {{ type_double() }}) as reachable_share,
    cast(totals.email_permitted_share as {{ type_double() }}) as email_permitted_share
from {{ ref('dim_segment') }} as segments
cross join everybody
left join totals on segments.segment_name = totals.segment_name
left join moves on segments.segment_name = moves.segment_name
where
    segments.is_current
    and segments.is_listed
