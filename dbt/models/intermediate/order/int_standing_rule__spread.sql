-- Which score and which band a place among customers earns, for every ten-thousandth of it: on years of months, numbers
-- are joined, not rules tried.
with places as (
    select {{ days_between("date '2000-01-01'", 'series.date_day') }} as place
    from {{ date_series("date '2000-01-01'", add_days("date '2000-01-01'", 9999)) }} as series
),

rules as (
    select
        measure,
        score,
        from_share
    from {{ ref('rfm_threshold') }}
    union all
    select
        'value' as measure,
        -position as score,
        from_share
    from {{ ref('value_band') }}
    where from_share is not null
),

scored as (
    select
        rules.measure,
        places.place,
        max(rules.score) as score
    from places
    inner join rules
        on places.place >= cast(round(rules.from_share * 10000, 0) as integer)
    group by rules.measure, places.place
)

select
    scored.measure,
    cast(scored.place as bigint) as place,
    case when scored.measure <> 'value' then scored.score end as score,
    bands.value_band
from scored
left join {{ ref('value_band') }} as bands
    on scored.measure = 'value' and -scored.score = bands.position

union all

select
    'value' as measure,
    cast(-1 as bigint) as place,
    cast(null as integer) as score,
    value_band
from {{ ref('value_band') }}
where from_share is null
