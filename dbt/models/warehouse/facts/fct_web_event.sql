{{ config(materialized='incremental', unique_key=['web_event_key']) }}

-- An event belongs to the customer whom it names, else to the one whom its session names, else to the one whom the
-- visitor turned out to be.
with events as (
    select
        *,
        {{ surrogate_key(['event_ref']) }} as web_event_key
    from {{ ref('stg_web_events') }}
    {{ where_touched('visitor_ref', ref('fct_web_event__touched')) }}
),

-- Links are tagged in any case of letters.
tags as (
    select
        lower(campaign_ref) as tag,
        max(campaign_ref) as campaign_ref
    from {{ ref('dim_campaign') }}
    where campaign_key <> -1
    group by lower(campaign_ref)
),

owned as (
    select
        events.*,
        sessions.web_session_key,
        sessions.is_session_start,
        coalesce(records.customer_id, named_sessions.customer_id, visitors.customer_id, -1) as customer_id
    from events
    inner join {{ ref('int_web_event__sessionised') }} as sessions on events.web_event_key = sessions.web_event_key
    left join {{ ref('int_record__resolved') }} as records
        on events.source_system = records.source_system and events.customer_ref = records.customer_ref
    left join {{ ref('fct_web_session__identified') }} as named_sessions
        on sessions.web_session_key = named_sessions.web_session_key
    left join {{ ref('int_visitor__resolved') }} as visitors on events.visitor_ref = visitors.visitor_ref
)

select
    owned.web_event_key,
    owned.event_ref,
    owned.web_session_key,
    owned.visitor_ref,
    {{ surrogate_key(['owned.visitor_ref']) }} as visitor_key,
    coalesce(customers.customer_key, -1) as customer_key,
    owned.customer_id,
    {{ key_or_unknown(['owned.page_path']) }} as page_key,
    coalesce(products.product_key, -1) as product_key,
    coalesce(campaigns.campaign_key, -1) as campaign_key,
    coalesce(orders.order_key, -1) as order_key,
    {{ event_date_key('owned.occurred_at') }} as event_date_key,
    owned.event_type,
    owned.utm_source,
    owned.utm_medium,
    owned.utm_campaign,
    owned.search_term,
    owned.device_type,
    owned.country_code,
    owned.customer_ref is not null as is_logged_in,
    owned.is_session_start,
    owned.duration_ms,
    owned.occurred_at,
    owned._loaded_at
from owned
left join {{ ref('dim_customer') }} as customers
    on
        owned.customer_id = customers.customer_id
        and owned.occurred_at >= customers.valid_from
        and owned.occurred_at < customers.valid_to
left join {{ ref('dim_product') }} as products
    on
        owned.product_ref = products.product_ref
        and products.product_key <> -1
        and owned.occurred_at >= products.valid_from
        and owned.occurred_at < products.valid_to
left join tags on lower(owned.utm_campaign) = tags.tag
left join {{ ref('dim_campaign') }} as campaigns
    on
        tags.campaign_ref = campaigns.campaign_ref
        and campaigns.campaign_key <> -1
        and owned.occurred_at >= campaigns.valid_from
        and owned.occurred_at < campaigns.valid_to
left join {{ ref('int_order_reference__resolved') }} as orders
    on owned.source_system = orders.source_system and owned.order_ref = orders.order_ref
