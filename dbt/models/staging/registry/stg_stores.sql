with latest as (
    {{ latest_per_key(source('raw', 'stores'), ['store_ref'], updated_at='updated_at') }}
)

select
    store_ref,
    {{ clean_text('name') }} as name,
    {{ clean_text('city') }} as city,
    upper({{ clean_text('postcode') }}) as postcode,
    upper({{ clean_text('country') }}) as country_code,
    {{ clean_text('time_zone') }} as time_zone,
    updated_at,
    _file,
    _loaded_at
from latest
