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
    {{ clean_text('full_name') }} as full_name,
    {{ clean_text('organisation_name') }} as organisation_name,
    lower({{ clean_text('email') }}) as email,
    {{ clean_text('phone') }} as phone,
    upper({{ clean_text('country') }}) as country_code,
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
