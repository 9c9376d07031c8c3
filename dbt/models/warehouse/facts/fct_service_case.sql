{{ config(
    materialized='incremental',
    unique_key='service_case_key',
    pre_hook="{{ keep_former(
        ['service_case_key', 'source_system', 'case_ref'],
        whole=true, touched=ref('fct_service_case__touched'), by='service_case_key'
    ) }}"
) }}

with chosen as (
    select * from {{ ref('stg_service_cases') }}
    {{ where_touched(['source_system', 'case_ref'], ref('fct_service_case__touched')) }}
),

cases as (
    select
        chosen.*,
        resolved.customer_id,
        resolved.order_key,
        timed.first_response_minutes,
        timed.resolution_minutes,
        timed.first_response_business_minutes,
        timed.resolution_business_minutes
    from chosen
    inner join {{ ref('int_service_case__resolved') }} as resolved
        on chosen.source_system = resolved.source_system and chosen.case_ref = resolved.case_ref
    inner join {{ ref('int_service_case__timed') }} as timed
        on chosen.source_system = timed.source_system and chosen.case_ref = timed.case_ref
)

select
    {{ surrogate_key(['cases.source_system', 'cases.case_ref']) }} as service_case_key,
    cases.source_system,
    cases.case_ref,
    coalesce(customers.customer_key, -1) as customer_key,
    cases.customer_id,
    coalesce(channels.channel_key, -1) as channel_key,
    coalesce(products.product_key, -1) as product_key,
    {{ key_or_unknown(['cases.agent_ref']) }} as agent_key,
    cases.order_key,
    {{ event_date_key('cases.opened_at') }} as opened_date_key,
    cases.platform,
    cases.topic,
    cases.severity,
    cases.is_complaint,
    cases.resolved_at is null as is_open,
    cases.satisfaction_score,
    cases.recommend_score,
    cases.first_response_minutes,
    cases.resolution_minutes,
    cases.first_response_business_minutes,
    cases.resolution_business_minutes,
    cases.text,
    cases.opened_at,
    cases.first_response_at,
    cases.resolved_at,
    cases._loaded_at
from cases
left join {{ ref('dim_customer') }} as customers
    on
        cases.customer_id = customers.customer_id
        and cases.opened_at >= customers.valid_from
        and cases.opened_at < customers.valid_to
left join {{ ref('dim_product') }} as products
    on
        cases.product_ref = products.product_ref
        and products.product_key <> -1
        and cases.opened_at >= products.valid_from
        and cases.opened_at < products.valid_to
left join {{ ref('dim_channel') }} as channels on cases.channel_code = channels.channel_code
