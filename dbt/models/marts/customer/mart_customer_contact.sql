{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='customer_id',
    pre_hook="{{ forget_touched('customer_id', ref('mart_customer__touched')) }}"
) }}

-- What passed between each customer and the company before the day, and how he answers campaigns.
with touchpoints as (
    select
        customer_id,
        count(*) as contact_count,
        sum(case when direction = 'inbound' then 1 else 0 end) as inbound_contact_count,
        sum(case when direction = 'outbound' then 1 else 0 end) as outbound_contact_count,
        {{ count_if("direction = 'outbound' and occurred_at >= " ~ start_of_day(add_days(as_of_date(), -28))) }}
            as outbound_contact_count_28d,
        sum(cost_amount) as contact_cost_amount,
        {{ date_of("max(case when direction = 'outbound' then touchpoint_date_key end)") }} as last_outbound_on,
        {{ date_of("max(case when direction = 'inbound' then touchpoint_date_key end)") }} as last_inbound_on
    from {{ ref('fct_touchpoint') }}
    where occurred_at < {{ as_of_at() }} and {{ is_told_anew('customer_id') }}
    group by customer_id
),

answers as (
    select
        customer_id,
        count(*) as campaign_contact_count,
        sum(case when bounced_at < {{ as_of_at() }} then 1 else 0 end) as bounced_count,
        sum(case when opened_at < {{ as_of_at() }} then 1 else 0 end) as opened_count,
        sum(case when clicked_at < {{ as_of_at() }} then 1 else 0 end) as clicked_count,
        sum(case when responded_at < {{ as_of_at() }} then 1 else 0 end) as responded_count,
        sum(case when redeemed_at < {{ as_of_at() }} then 1 else 0 end) as redeemed_count,
        sum(case when unsubscribed_at < {{ as_of_at() }} then 1 else 0 end) as unsubscribed_count,
        {{ date_of('max(sent_date_key)') }} as last_campaign_on,
        {{ last_by('campaign_ref', '(sent_at, campaign_ref)') }} as last_campaign_ref,
        max(case when responded_at < {{ as_of_at() }} then {{ local_date('responded_at') }} end) as last_responded_on
    from {{ ref('fct_campaign_contact') }}
    where not is_control and sent_at < {{ as_of_at() }} and {{ is_told_anew('customer_id') }}
    group by customer_id
)

select
    coalesce(touchpoints.customer_id, answers.customer_id) as customer_id,
    cast(coalesce(touchpoints.contact_count, 0) as bigint) as contact_count,
    cast(coalesce(touchpoints.inbound_contact_count, 0) as bigint) as inbound_contact_count,
    cast(coalesce(touchpoints.outbound_contact_count, 0) as bigint) as outbound_contact_count,
    cast(coalesce(touchpoints.outbound_contact_count_28d, 0) as bigint) as outbound_contact_count_28d,
    cast(coalesce(touchpoints.contact_cost_amount, 0) as {{ type_money() }}) as contact_cost_amount,
    cast(coalesce(answers.campaign_contact_count, 0) as bigint) as campaign_contact_count,
    cast(coalesce(answers.bounced_count, 0) as bigint) as bounced_count,
    cast(coalesce(answers.opened_count, 0) as bigint) as opened_count,
    cast(coalesce(answers.clicked_count, 0) as bigint) as clicked_count,
    cast(coalesce(answers.responded_count, 0) as bigint) as responded_count,
    cast(coalesce(answers.redeemed_count, 0) as bigint) as redeemed_count,
    cast(coalesce(answers.unsubscribed_count, 0) as bigint) as unsubscribed_count,
    {{ share_of('answers.responded_count', 'answers.campaign_contact_count') }} as response_share,
    answers.last_campaign_ref,
    touchpoints.last_outbound_on,
    touchpoints.last_inbound_on,
    answers.last_campaign_on,
    answers.last_responded_on
from touchpoints
full join answers on touchpoints.customer_id = answers.customer_id
