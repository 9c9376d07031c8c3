{{ config(pre_hook="{{ keep_former(['date_day', 'opens_second', 'open_seconds']) }}") }}

-- Every day of the calendar with its business time and that of all days before; on a public holiday of the home country
-- there is none.
with span as (select * from {{ ref('int_calendar__spanned') }}),

holidays as (
    select distinct events.event_date
    from {{ ref('stg_calendar_events') }} as events
    inner join {{ ref('int_home_country__chosen') }} as home on events.country_code = home.country_code
    where events.is_public_holiday
),

days as (
    select
        series.date_day,
        coalesce(hours.opens_second, 0) as opens_second,
        case when holidays.event_date is null then coalesce(hours.closes_second - hours.opens_second, 0) else 0 end
            as open_seconds
    from {{ date_series('(select first_day from span)', '(select last_day from span)') }} as series
    left join holidays on series.date_day = holidays.event_date
    left join {{ business_hours() }} as hours on {{ iso_day_of_week('series.date_day') }} = hours.iso_day_of_week
)

select
    date_day,
    opens_second,
    open_seconds,
    coalesce(
        sum(open_seconds) over (order by date_day rows between unbounded preceding and 1 preceding), 0
    ) as open_seconds_before
from days
