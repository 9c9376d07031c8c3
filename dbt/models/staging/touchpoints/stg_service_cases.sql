{{ config(materialized='incremental', unique_key=['source_system', 'case_ref']) }}

with latest as (
    {{ newest_of('service_cases', ['source_system', 'case_ref'], updated_at='updated_at') }}
)

select
    source_system,
    case_ref,
    customer_ref,
    lower(email) as email,
    phone,
    lower(ltrim(handle, '@')) as handle,
    lower(platform) as platform,
    channel as channel_code,
    opened_at,
    first_response_at,
    resolved_at,
    topic,
    product_ref,
    order_ref,
    severity,
    coalesce(is_complaint, false) as is_complaint,
    satisfaction_score,
    recommend_score,
    agent_ref,
    text,
    updated_at,
    _file,
    _loaded_at
from latest
