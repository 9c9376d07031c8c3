with latest as (
    {{ latest_per_key(
        source('raw', 'leads'),
        ['source_system', 'lead_ref'],
        updated_at='updated_at'
    ) }}
)

select
    source_system,
    lead_ref,
    full_name,
    organisation_name,
    lower(email) as email,
    phone,
    upper(country) as country_code,
    source_channel as source_channel_code,
    campaign_ref,
    partner_ref,
    created_at,
    interests,
    attributes,
    updated_at,
    _file,
    _loaded_at
from latest
