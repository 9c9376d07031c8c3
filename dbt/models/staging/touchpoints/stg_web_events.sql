{{ config(materialized='incremental', unique_key=['event_ref']) }}

with latest as (
    {{ newest_of('web_events', ['event_ref']) }}
)

select
    event_ref,
    visitor_ref,
    coalesce(source_system, '') as source_system,
    customer_ref,
    occurred_at,
    event_type,
    page_url,
    {{ url_path('page_url') }} as page_path,
    referrer_url,
    utm_source,
    utm_medium,
    utm_campaign,
    product_ref,
    search_term,
    order_ref,
    device_type,
    upper(country) as country_code,
    duration_ms,
    _file,
    _loaded_at
from latest
