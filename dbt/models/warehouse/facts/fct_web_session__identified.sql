{{ config(
    materialized='incremental',
    incremental_strategy='append',
    schema='intermediate',
    contract={'enforced': false},
    pre_hook="{{ forget_touched('visitor_ref', ref('fct_web_event__touched')) }}"
) }}

-- Whose session it was, where an event of it names a customer: the first one named has the events that name nobody.
with sessions as (
    select
        web_event_key,
        web_session_key
    from {{ ref('int_web_event__sessionised') }}
),

named_events as (
    select
        {{ surrogate_key(['events.event_ref']) }} as web_event_key,
        events.visitor_ref,
        records.customer_id,
        events.occurred_at
    from {{ ref('stg_web_events') }} as events
    inner join {{ ref('int_record__resolved') }} as records
        on events.source_system = records.source_system and events.customer_ref = records.customer_ref
    {{ where_touched('visitor_ref', ref('fct_web_event__touched')) }}
),

ranked as (
    select
        sessions.web_session_key,
        named_events.visitor_ref,
        named_events.customer_id,
        row_number() over (
            partition by sessions.web_session_key
            order by named_events.occurred_at, named_events.web_event_key
        ) as turn
    from named_events
    inner join sessions on named_events.web_event_key = sessions.web_event_key
)

select
    web_session_key,
    visitor_ref,
    customer_id
from ranked
where turn = 1
