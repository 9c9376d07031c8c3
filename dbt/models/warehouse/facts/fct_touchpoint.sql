{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='touchpoint_key',
    pre_hook=[
        "{{ keep_former(
            ['touchpoint_key', 'customer_id'], whole=true, touched=ref('fct_touchpoint__touched'), by='touchpoint_key'
        ) }}",
        "{{ forget_touched('touchpoint_key', ref('fct_touchpoint__touched')) }}"
    ]
) }}

-- Every contact between a customer and the company, in one list: five facts in the same columns.
with touchpoints as (
    {{ touchpoints_of_contacts() }}
    union all
    {{ touchpoints_of_campaign_contacts() }}
    union all
    {{ touchpoints_of_web_sessions() }}
    union all
    {{ touchpoints_of_service_cases() }}
    union all
    {{ touchpoints_of_social_posts() }}
)

select
    {{ surrogate_key(['touchpoints.touchpoint_kind', 'touchpoints.touchpoint_ref']) }} as touchpoint_key,
    touchpoints.touchpoint_kind,
    touchpoints.touchpoint_ref,
    coalesce(customers.customer_key, -1) as customer_key,
    touchpoints.customer_id,
    touchpoints.channel_key,
    touchpoints.campaign_key,
    touchpoints.agent_key,
    touchpoints.partner_key,
    {{ event_date_key('touchpoints.occurred_at') }} as touchpoint_date_key,
    touchpoints.direction,
    touchpoints.purpose,
    touchpoints.outcome,
    touchpoints.currency_code,
    touchpoints.cost_amount,
    touchpoints.cost_amount_original,
    case
        when touchpoints.ended_at >= touchpoints.occurred_at
            then cast({{ seconds_between('touchpoints.occurred_at', 'touchpoints.ended_at') }} as bigint)
    end as duration_seconds,
    touchpoints.occurred_at,
    touchpoints.ended_at,
    touchpoints._loaded_at
from touchpoints
left join {{ ref('dim_customer') }} as customers
    on
        touchpoints.customer_id = customers.customer_id
        and touchpoints.occurred_at >= customers.valid_from
        and touchpoints.occurred_at < customers.valid_to
