with situated as (select * from {{ ref('fct_customer_month__carried') }}),

active as (select * from {{ ref('fct_customer_month__active') }}),

-- Few situations are shared by many months: the rules are tried once on each.
ruled as (
    select
        situations.order_count_so_far,
        situations.recency_days,
        situations.tenure_days,
        rules.lifecycle_stage,
        row_number() over (
            partition by situations.order_count_so_far, situations.recency_days, situations.tenure_days
            order by rules.position
        ) as choice
    from (select distinct
        order_count_so_far,
        recency_days,
        tenure_days
    from situated) as situations
    inner join {{ ref('lifecycle_rule') }} as rules
        on
            (rules.min_order_count is null or situations.order_count_so_far >= rules.min_order_count)
            and (rules.max_order_count is null or situations.order_count_so_far <= rules.max_order_count)
            and (rules.min_recency_days is null or situations.recency_days >= rules.min_recency_days)
            and (rules.max_recency_days is null or situations.recency_days <= rules.max_recency_days)
            and (rules.min_tenure_days is null or situations.tenure_days >= rules.min_tenure_days)
            and (rules.max_tenure_days is null or situations.tenure_days <= rules.max_tenure_days)
)

select
    {{ surrogate_key(['situated.customer_id', 'situated.month_date_key']) }} as customer_month_key,
    situated.customer_id,
    coalesce(customers.customer_key, -1) as customer_key,
    situated.month_start_date,
    situated.month_date_key,
    cast(coalesce(active.order_count, 0) as bigint) as order_count,
    cast(coalesce(active.line_count, 0) as bigint) as line_count,
    cast(coalesce(active.quantity, 0) as {{ type_money() }}) as quantity,
    cast(coalesce(active.net_amount, 0) as {{ type_money() }}) as net_amount,
    cast(case when active.order_count > 0 then active.margin_amount else 0 end as {{ type_money() }}) as margin_amount,
    cast(coalesce(active.refund_amount, 0) as {{ type_money() }}) as refund_amount,
    cast(coalesce(active.contact_count, 0) as bigint) as contact_count,
    cast(coalesce(active.inbound_contact_count, 0) as bigint) as inbound_contact_count,
    cast(coalesce(active.contact_count - active.inbound_contact_count, 0) as bigint) as outbound_contact_count,
    cast(coalesce(active.case_count, 0) as bigint) as case_count,
    cast(coalesce(active.complaint_count, 0) as bigint) as complaint_count,
    cast(coalesce(active.visit_count, 0) as bigint) as visit_count,
    cast(coalesce(active.points_earned, 0) as {{ type_money() }}) as points_earned,
    cast(coalesce(active.points_redeemed, 0) as {{ type_money() }}) as points_redeemed,
    cast(situated.points_balance as {{ type_money() }}) as points_balance,
    case when situated.customer_id <> -1 then ruled.lifecycle_stage end as lifecycle_stage,
    situated._loaded_at
from situated
left join active
    on situated.customer_id = active.customer_id and situated.month_date_key = active.month_date_key
left join ruled
    on
        ruled.choice = 1
        and situated.order_count_so_far = ruled.order_count_so_far
        and coalesce(situated.recency_days, -1) = coalesce(ruled.recency_days, -1)
        and coalesce(situated.tenure_days, -1) = coalesce(ruled.tenure_days, -1)
left join {{ ref('dim_customer') }} as customers
    on
        situated.customer_id = customers.customer_id
        and situated.judged_at > customers.valid_from
        and situated.judged_at <= customers.valid_to
