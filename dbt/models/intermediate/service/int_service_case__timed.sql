{{ config(materialized='incremental', unique_key=['source_system', 'case_ref']) }}

-- How long a case waited for its first answer and its end, by the clock and in business hours. Business time up to a
-- moment is that of all days before plus what had passed of that day, so a duration is the difference of two such sums.
with chosen as (
    select * from {{ ref('stg_service_cases') }}
    {{ where_touched(['source_system', 'case_ref'], ref('int_service_case__touched')) }}
),

moments as (
    select
        source_system,
        case_ref,
        'opened' as milestone,
        {{ local_timestamp('opened_at') }} as local_at
    from chosen
    union all
    select
        source_system,
        case_ref,
        'first_response' as milestone,
        {{ local_timestamp('first_response_at') }} as local_at
    from chosen
    where first_response_at >= opened_at
    union all
    select
        source_system,
        case_ref,
        'resolved' as milestone,
        {{ local_timestamp('resolved_at') }} as local_at
    from chosen
    where resolved_at >= opened_at
),

elapsed as (
    select
        moments.source_system,
        moments.case_ref,
        moments.milestone,
        calendar.open_seconds_before + least(
            greatest(
                cast(
                    extract(hour from moments.local_at) * 3600
                    + extract(minute from moments.local_at) * 60
                    + floor(extract(second from moments.local_at)) as bigint
                ) - calendar.opens_second,
                0
            ),
            calendar.open_seconds
        ) as open_seconds
    from moments
    inner join
        {{ ref('int_business_day__cumulated') }} as calendar
        on cast(moments.local_at as date) = calendar.date_day
),

summed as (
    select
        source_system,
        case_ref,
        max(case when milestone = 'opened' then open_seconds end) as opened_seconds,
        max(case when milestone = 'first_response' then open_seconds end) as first_response_seconds,
        max(case when milestone = 'resolved' then open_seconds end) as resolved_seconds
    from elapsed
    group by source_system, case_ref
)

select
    cases.source_system,
    cases.case_ref,
    case
        when cases.first_response_at >= cases.opened_at
            then {{ whole_minutes(seconds_between('cases.opened_at', 'cases.first_response_at')) }}
    end as first_response_minutes,
    case
        when cases.resolved_at >= cases.opened_at
            then {{ whole_minutes(seconds_between('cases.opened_at', 'cases.resolved_at')) }}
    end as resolution_minutes,
    {{ whole_minutes('summed.first_response_seconds - summed.opened_seconds') }} as first_response_business_minutes,
    {{ whole_minutes('summed.resolved_seconds - summed.opened_seconds') }} as resolution_business_minutes
from chosen as cases
left join summed on cases.source_system = summed.source_system and cases.case_ref = summed.case_ref
