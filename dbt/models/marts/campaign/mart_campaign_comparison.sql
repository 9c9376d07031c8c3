-- Contacted customers beside held-out ones. Like is compared with like: contacts of a variant (a selection, a
-- list, a test cell) that has its own controls are compared with those, the others with the campaign's common
-- controls, if there are any.
with contacts as (
    select
        campaign_ref,
        coalesce(variant, '') as variant,
        is_control,
        cast(order_count as {{ type_double() }}) as order_count,
        -- Without costs the net amount stands for the margin.
        cast(coalesce(margin_amount, net_amount) as {{ type_double() }}) as value_amount,
        cost_amount
    from {{ ref('fct_campaign_contact') }}
    where sent_at < {{ as_of_at() }}
),

variants as (
    select
        campaign_ref,
        variant,
        max(case when is_control then 1 else 0 end) as has_control,
        max(case when is_control then 0 else 1 end) as has_contact
    from contacts
    group by campaign_ref, variant
),

placed as (
    select
        contacts.*,
        case
            when variants.has_control = 1 and variants.has_contact = 1 then contacts.variant
            else ''
        end as comparison_cell
    from contacts
    inner join variants on contacts.campaign_ref = variants.campaign_ref and contacts.variant = variants.variant
),

arms as (
    select
        campaign_ref,
        comparison_cell,
        is_control,
        count(*) as customer_count,
        avg(order_count) as order_mean,
        var_samp(order_count) / count(*) as order_error,
        avg(value_amount) as value_mean,
        var_samp(value_amount) / count(*) as value_error,
        sum(cost_amount) as cost_amount
    from placed
    group by campaign_ref, comparison_cell, is_control
)

select
    contacted.campaign_ref,
    contacted.comparison_cell,
    cast(contacted.customer_count as bigint) as contacted_count,
    cast(coalesce(held_out.customer_count, 0) as bigint) as control_count,
    contacted.order_mean as orders_per_contact,
    held_out.order_mean as orders_per_control,
    contacted.order_mean - held_out.order_mean as incremental_orders_per_contact,
    contacted.order_error + held_out.order_error as order_error_variance,
    contacted.value_mean - held_out.value_mean as incremental_value_per_contact,
    contacted.value_error + held_out.value_error as value_error_variance,
    cast(contacted.cost_amount as {{ type_money() }}) as contact_cost_amount,
    coalesce(contacted.customer_count >= 10 and held_out.customer_count >= 10, false) as is_comparable
from arms as contacted
left join arms as held_out
    on
        contacted.campaign_ref = held_out.campaign_ref
        and contacted.comparison_cell = held_out.comparison_cell
        and held_out.is_control
where not contacted.is_control
