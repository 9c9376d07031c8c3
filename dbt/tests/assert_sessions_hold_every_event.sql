-- Every event lies in one session, between its beginning and its end, and every session has one first event.
with events as (
    select
        web_session_key,
        count(*) as event_count,
        sum(case when is_session_start then 1 else 0 end) as start_count,
        count(distinct visitor_key) as visitor_count
    from {{ ref('fct_web_event') }}
    group by web_session_key
)

select
    events.web_session_key,
    events.event_count,
    sessions.event_count as session_event_count,
    events.start_count,
    events.visitor_count
from events
full outer join {{ ref('fct_web_session') }} as sessions on events.web_session_key = sessions.web_session_key
where
    coalesce(events.event_count, 0) <> coalesce(sessions.event_count, 0)
    or events.start_count <> 1
    or events.visitor_count <> 1
