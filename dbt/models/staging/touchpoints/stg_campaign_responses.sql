{{ config(materialized='incremental', unique_key=['response_ref']) }}

with latest as (
    {{ newest_of('campaign_responses', ['response_ref']) }}
)

select
    response_ref,
    contact_ref,
    campaign_ref,
    coalesce(source_system, '') as source_system,
    customer_ref,
    response,
    responded_at,
    upper(coupon_code) as coupon_code,
    order_ref,
    _file,
    _loaded_at
from latest
