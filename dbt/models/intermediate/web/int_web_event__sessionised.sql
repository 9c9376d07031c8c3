{{ config(materialized='incremental', unique_key=['web_event_key']) }}

-- Cuts each visitor's events into sessions. Only keys, times and a hash of the campaign source pass through the
-- windows: the wide columns of an event would have to be sorted with them. A daily run cuts those of touched visitors.
with events as (
    select
        {{ surrogate_key(['event_ref']) }} as web_event_key,
        {{ surrogate_key(['visitor_ref']) }} as visitor_key,
        occurred_at,
        case
            when coalesce(utm_source, utm_medium, utm_campaign) is not null
                then {{ surrogate_key(['utm_source', 'utm_medium', 'utm_campaign']) }}
        end as campaign_source_key
    from {{ ref('stg_web_events') }}
    {{ where_touched('visitor_ref', ref('stg_web_events__touched')) }}
),

ordered as (
    select
        *,
        lag(occurred_at) over (partition by visitor_key order by occurred_at, web_event_key) as previous_at
    from events
),

paused as (
    select
        *,
        case when occurred_at < {{ add_minutes('previous_at', var('session_gap_minutes')) }} then 0 else 1 end
            as is_after_silence
    from ordered
),

visited as (
    select
        *,
        sum(is_after_silence) over (
            partition by visitor_key order by occurred_at, web_event_key rows unbounded preceding
        ) as visit_number
    from paused
),

-- Only the few events that name a source are looked at: a source other than the visit's last one opens a session.
sourced as (
    select
        web_event_key,
        campaign_source_key,
        lag(campaign_source_key) over (
            partition by visitor_key, visit_number order by occurred_at, web_event_key
        ) as previous_source_key
    from visited
    where campaign_source_key is not null
),

started as (
    select
        visited.web_event_key,
        visited.visitor_key,
        visited.occurred_at,
        case when visited.is_after_silence = 1 or sourced.web_event_key is not null then 1 else 0 end as is_start
    from visited
    left join sourced
        on
            visited.web_event_key = sourced.web_event_key
            and (sourced.previous_source_key is null or sourced.previous_source_key <> sourced.campaign_source_key)
),

numbered as (
    select
        *,
        sum(is_start) over (
            partition by visitor_key order by occurred_at, web_event_key rows unbounded preceding
        ) as session_number
    from started
)

-- A session is known by its first event, so that it keeps its key when earlier or later sessions come to light.
select
    web_event_key,
    max(case when is_start = 1 then web_event_key end) over (
        partition by visitor_key, session_number
    ) as web_session_key,
    is_start = 1 as is_session_start
from numbered
