-- What each campaign did: its course, and what it caused, which only the comparison with its controls can say.
with course as (
    select
        campaign_ref,
        {{ count_if('not is_control') }} as contacted_count,
        {{ count_if('is_control') }} as control_count,
        {{ count_if('is_delivered and not is_control') }} as delivered_count,
        {{ count_if('bounced_at is not null') }} as bounced_count,
        {{ count_if('is_opened and not is_control') }} as opened_count,
        {{ count_if('is_clicked and not is_control') }} as clicked_count,
        {{ count_if('is_responded and not is_control') }} as responded_count,
        {{ count_if('redeemed_at is not null and not is_control') }} as redeemed_count,
        {{ count_if('is_ordered and not is_control') }} as ordered_count,
        {{ count_if('complained_at is not null') }} as complained_count,
        {{ count_if('unsubscribed_at is not null') }} as unsubscribed_count,
        sum(cost_amount) as contact_cost_amount,
        min(case when cost_amount is null and not is_control then 0 else 1 end) = 1 as is_cost_known,
        sum(case when is_control then 0 else net_amount end) as followed_net_amount,
        sum(case when is_control then 0 else margin_amount end) as followed_margin_amount,
        count(margin_amount) > 0 as is_margin_known
    from {{ ref('fct_campaign_contact') }}
    where sent_at < {{ as_of_at() }}
    group by campaign_ref
),

fixed as (
    select
        campaign_ref,
        sum(fixed_cost_amount) as fixed_cost_amount
    from {{ ref('bridge_campaign_channel') }}
    group by campaign_ref
),

-- Cells are weighted by the customers contacted in them.
weighted as (
    select
        *,
        cast(contacted_count as {{ type_double() }}) / sum(contacted_count) over (partition by campaign_ref) as weight
    from {{ ref('mart_campaign_comparison') }}
    where is_comparable
),

effect as (
    select
        campaign_ref,
        sum(contacted_count) as comparable_count,
        sum(weight * orders_per_contact) as orders_per_contact,
        sum(weight * orders_per_control) as orders_per_control,
        sum(weight * incremental_orders_per_contact) as orders_added,
        1.96 * sqrt(sum(weight * weight * order_error_variance)) as orders_margin_of_error,
        sum(weight * incremental_value_per_contact) as value_added,
        1.96 * sqrt(sum(weight * weight * value_error_variance)) as value_margin_of_error,
        sum(contact_cost_amount) as contact_cost_amount
    from weighted
    group by campaign_ref
),

campaigns as (
    select * from {{ ref('dim_campaign') }}
    where is_current and is_announced and campaign_key <> -1
)

select
    campaigns.campaign_ref,
    campaigns.name as campaign_name,
    campaigns.objective,
    campaigns.offer_kind,
    campaigns.starts_on,
    campaigns.ends_on,
    cast(coalesce(course.contacted_count, 0) as bigint) as contacted_count,
    cast(coalesce(course.control_count, 0) as bigint) as control_count,
    cast(coalesce(course.delivered_count, 0) as bigint) as delivered_count,
    cast(coalesce(course.bounced_count, 0) as bigint) as bounced_count,
    cast(coalesce(course.opened_count, 0) as bigint) as opened_count,
    cast(coalesce(course.clicked_count, 0) as bigint) as clicked_count,
    cast(coalesce(course.responded_count, 0) as bigint) as responded_count,
    cast(coalesce(course.redeemed_count, 0) as bigint) as redeemed_count,
    cast(coalesce(course.ordered_count, 0) as bigint) as ordered_count,
    cast(coalesce(course.complained_count, 0) as bigint) as complained_count,
    cast(coalesce(course.unsubscribed_count, 0) as bigint) as unsubscribed_count,
    {{ share_of('course.responded_count', 'course.contacted_count') }} as response_share,
    {{ share_of('course.ordered_count', 'course.contacted_count') }} as ordered_share,
    campaigns.budget_amount,
    cast(course.contact_cost_amount as {{ type_money() }}) as contact_cost_amount,
    cast(fixed.fixed_cost_amount as {{ type_money() }}) as fixed_cost_amount,
    cast(
        case
            when course.contacted_count > 0
                then coalesce(course.contact_cost_amount, 0) + coalesce(fixed.fixed_cost_amount, 0)
        end as {{ type_money() }}
    ) as cost_amount,
    coalesce(course.is_cost_known, false) as is_cost_known,
    cast(coalesce(course.followed_net_amount, 0) as {{ type_money() }}) as followed_net_amount,
    cast(course.followed_margin_amount as {{ type_money() }}) as followed_margin_amount,
    cast(coalesce(effect.comparable_count, 0) as bigint) as comparable_count,
    effect.orders_per_contact,
    effect.orders_per_control,
    effect.orders_added as incremental_orders_per_contact,
    effect.orders_added - effect.orders_margin_of_error as incremental_orders_per_contact_low,
    effect.orders_added + effect.orders_margin_of_error as incremental_orders_per_contact_high,
    effect.orders_added * effect.comparable_count as incremental_order_count,
    case when course.is_margin_known then 'margin' else 'revenue' end as value_basis,
    effect.value_added as incremental_value_per_contact,
    effect.value_added - effect.value_margin_of_error as incremental_value_per_contact_low,
    effect.value_added + effect.value_margin_of_error as incremental_value_per_contact_high,
    cast(effect.value_added * effect.comparable_count as {{ type_money() }}) as incremental_value_amount,
    cast(
        effect.value_added * effect.comparable_count - effect.contact_cost_amount as {{ type_money() }}
    ) as incremental_profit_amount,
    case
        when coalesce(course.contacted_count, 0) = 0 then 'nobody contacted'
        when course.control_count = 0 then 'no control'
        when effect.comparable_count is null then 'too few to compare'
        when effect.orders_added > effect.orders_margin_of_error then 'adds orders'
        when effect.orders_added < -effect.orders_margin_of_error then 'costs orders'
        else 'no difference shown'
    end as verdict
from campaigns
left join course on campaigns.campaign_ref = course.campaign_ref
left join fixed on campaigns.campaign_ref = fixed.campaign_ref
left join effect on campaigns.campaign_ref = effect.campaign_ref
