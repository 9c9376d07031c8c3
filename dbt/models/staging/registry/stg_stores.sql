with latest as (
    {{ latest_per_key(source('raw', 'stores'), ['store_ref'], updated_at='updated_at') }}
)

select
    store_ref,
    name,
    city,
    upper(postcode) as postcode,
    upper(country) as country_code,
    time_zone,
    updated_at,
    _file,
    _loaded_at
from latest
