{{ config(materialized='incremental', unique_key=['device_ref', 'occurred_at', 'signal']) }}

with latest as (
    {{ newest_of('device_signals', ['device_ref', 'occurred_at', 'signal']) }}
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
