with latest as (
    {{ latest_per_key(source('raw', 'partners'), ['partner_ref'], updated_at='updated_at') }}
)

select
    partner_ref,
    name,
    kind,
    commission_pct,
    upper(country) as country_code,
    updated_at,
    _file,
    _loaded_at
from latest
