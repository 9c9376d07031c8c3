with latest as (
    {{ latest_per_key(source('raw', 'device_signals'), ['device_ref', 'occurred_at', 'signal']) }}
)

select
    device_ref,
    occurred_at,
    signal,
    coalesce(source_system, '') as source_system,
    customer_ref,
    product_ref,
    value,
    _file,
    _loaded_at
from latest
