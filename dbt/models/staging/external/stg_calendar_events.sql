with normalised as (
    select
        upper(country) as country_code,
        event_date,
        name,
        coalesce(is_public_holiday, false) as is_public_holiday,
        _file,
        _line,
        _loaded_at
    from {{ source('raw', 'calendar_events') }}
),

latest as (
    {{ latest_per_key('normalised', ['country_code', 'event_date', 'name']) }}
)

select
    country_code,
    event_date,
    name,
    is_public_holiday,
    _file,
    _loaded_at
from latest
