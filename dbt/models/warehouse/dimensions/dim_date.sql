with span as (
    select
        first_day,
        last_day
    from {{ ref('int_calendar__spanned') }}
),

holiday as (
    select
        calendar_event.event_date,
        {{ ordered_string_list('calendar_event.name', 'calendar_event.name') }} as holiday_name
    from {{ ref('stg_calendar_events') }} as calendar_event
    inner join {{ ref('int_home_country__chosen') }} as home
        on calendar_event.country_code = home.country_code
    where calendar_event.is_public_holiday
    group by calendar_event.event_date
),

calendar_day as (
    select
        series.date_day,
        {{ iso_day_of_week('series.date_day') }} as iso_day,
        holiday.holiday_name
    from {{ date_series('(select first_day from span)', '(select last_day from span)') }} as series
    left join holiday
        on series.date_day = holiday.event_date
),

day_name as (
    {% for name in week_days() -%}
        select
            {{ loop.index }} as iso_day,
            '{{ name }}' as day_name,
            {{ 'true' if var('business_hours').get(name) else 'false' }} as is_open
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    {{ date_key('calendar_day.date_day') }} as date_key,
    calendar_day.date_day,
    cast({{ business_day_of_week('calendar_day.date_day') }} as integer) as day_of_week,
    day_name.day_name,
    {{ iso_week('calendar_day.date_day') }} as iso_week_number,
    {{ week_start('calendar_day.date_day') }} as week_start_date,
    cast(extract(month from calendar_day.date_day) as integer) as month_number,
    {{ month_name('calendar_day.date_day') }} as month_name,
    {{ month_start('calendar_day.date_day') }} as month_start_date,
    cast(extract(quarter from calendar_day.date_day) as integer) as quarter_number,
    cast(extract(year from calendar_day.date_day) as integer) as year_number,
    calendar_day.iso_day >= 6 as is_weekend,
    calendar_day.holiday_name is not null as is_public_holiday,
    calendar_day.holiday_name,
    day_name.is_open and calendar_day.holiday_name is null as is_business_day
from calendar_day
inner join day_name
    on calendar_day.iso_day = day_name.iso_day
union all
select
    -1 as date_key,
    cast(null as date) as date_day,
    cast(null as integer) as day_of_week,
    'unknown' as day_name,
    cast(null as integer) as iso_week_number,
    cast(null as date) as week_start_date,
    cast(null as integer) as month_number,
    'unknown' as month_name,
    cast(null as date) as month_start_date,
    cast(null as integer) as quarter_number,
    cast(null as integer) as year_number,
    false as is_weekend,
    false as is_public_holiday,
    cast(null as {{ type_string() }}) as holiday_name,
    false as is_business_day
