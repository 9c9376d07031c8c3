with normalised as (
    select
        upper(country) as country_code,
        upper(postcode) as postcode,
        households,
        median_income,
        attributes,
        _file,
        _line,
        _loaded_at
    from {{ source('raw', 'area_demographics') }}
),

latest as (
    {{ latest_per_key('normalised', ['country_code', 'postcode']) }}
)

select
    country_code,
    postcode,
    households,
    median_income,
    attributes,
    _file,
    _loaded_at
from latest
