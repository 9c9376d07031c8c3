with latest as (
    {{ latest_per_key(
        source('raw', 'consents'),
        ['source_system', 'customer_ref', 'channel', 'purpose', 'effective_at']
    ) }}
)

select
    source_system,
    customer_ref,
    channel as channel_code,
    purpose,
    effective_at,
    status,
    {{ clean_text('evidence') }} as evidence,
    _file,
    _loaded_at
from latest
