{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='web_session_key',
    pre_hook=[
        "{{ keep_former(['web_session_key'], whole=true, touched=ref('fct_web_event__touched'), by='visitor_ref') }}",
        "{{ forget_touched('visitor_ref', ref('fct_web_event__touched')) }}"
    ]
) }}

-- A visit: what its first event says of where it came from, and what was done in it.
with sessions as (
    select
        web_session_key,
        max(visitor_ref) as visitor_ref,
        max(visitor_key) as visitor_key,
        max(case when is_session_start then page_key end) as landing_page_key,
        max(case when is_session_start then campaign_key end) as campaign_key,
        max(case when is_session_start then utm_source end) as utm_source,
        max(case when is_session_start then utm_medium end) as utm_medium,
        max(case when is_session_start then utm_campaign end) as utm_campaign,
        max(case when is_session_start then device_type end) as device_type,
        max(case when is_session_start then country_code end) as country_code,
        max(case when is_logged_in then 1 else 0 end) = 1 as is_identified,
        count(*) as event_count,
        sum(case when event_type = 'page_view' then 1 else 0 end) as page_view_count,
        sum(case when event_type = 'product_view' then 1 else 0 end) as product_view_count,
        sum(case when event_type = 'search' then 1 else 0 end) as search_count,
        sum(case when event_type = 'add_to_cart' then 1 else 0 end) as add_to_cart_count,
        sum(case when event_type = 'begin_checkout' then 1 else 0 end) as checkout_count,
        sum(case when event_type = 'purchase' then 1 else 0 end) as purchase_count,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        max(_loaded_at) as _loaded_at
    from {{ ref('fct_web_event') }}
    {{ where_touched('visitor_ref', ref('fct_web_event__touched')) }}
    group by web_session_key
),

owned as (
    select
        sessions.*,
        coalesce(named_sessions.customer_id, visitors.customer_id, -1) as customer_id
    from sessions
    left join {{ ref('fct_web_session__identified') }} as named_sessions
        on sessions.web_session_key = named_sessions.web_session_key
    left join {{ ref('int_visitor__resolved') }} as visitors on sessions.visitor_ref = visitors.visitor_ref
)

select
    owned.web_session_key,
    owned.visitor_ref,
    owned.visitor_key,
    coalesce(customers.customer_key, -1) as customer_key,
    owned.customer_id,
    owned.landing_page_key,
    owned.campaign_key,
    {{ event_date_key('owned.started_at') }} as session_date_key,
    owned.utm_source,
    owned.utm_medium,
    owned.utm_campaign,
    owned.device_type,
    owned.country_code,
    owned.is_identified,
    owned.event_count = 1 as is_bounce,
    cast(owned.event_count as bigint) as event_count,
    cast(owned.page_view_count as bigint) as page_view_count,
    cast(owned.product_view_count as bigint) as product_view_count,
    cast(owned.search_count as bigint) as search_count,
    cast(owned.add_to_cart_count as bigint) as add_to_cart_count,
    cast(owned.checkout_count as bigint) as checkout_count,
    cast(owned.purchase_count as bigint) as purchase_count,
    cast({{ seconds_between('owned.started_at', 'owned.ended_at') }} as bigint) as duration_seconds,
    owned.started_at,
    owned.ended_at,
    owned._loaded_at
from owned
left join {{ ref('dim_customer') }} as customers
    on
        owned.customer_id = customers.customer_id
        and owned.started_at >= customers.valid_from
        and owned.started_at < customers.valid_to
