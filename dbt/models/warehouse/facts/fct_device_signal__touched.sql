{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- What may change of a signal: what was said of it, whose it or its device is, and the versions that it points to.
with devices as (
    select
        identifier as device_ref,
        touched_since
    from {{ ref('dim_customer__touched') }}
    where identifier_kind = 'device'
)

select
    device_ref,
    occurred_at,
    signal
from (
    {{ rows_found(ref('stg_device_signals'), ['device_ref', 'occurred_at', 'signal'], [
        by_news(),
        by_any('product_ref', changed_versions('product')),
        by_customer('occurred_at', ['source_system', 'customer_ref'], ref('dim_customer__touched_records')),
        by_customer('occurred_at', ['device_ref'], 'devices'),
    ]) }}
) as signals
