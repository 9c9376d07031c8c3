{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- What may change of a signal: what was said of it, whose it or its device is, and the versions that it points to.
with devices as (
    select identifier as device_ref
    from {{ ref('dim_customer__touched') }}
    where identifier_kind = 'device'
)

select
    device_ref,
    occurred_at,
    signal
from {{ ref('stg_device_signals') }}
where
    {{ is_new() }}
    or {{ is_among('product_ref', changed_versions('product')) }}
    or {{ is_among(['source_system', 'customer_ref'], ref('dim_customer__touched_records')) }}
    or {{ is_among('device_ref', 'devices') }}
