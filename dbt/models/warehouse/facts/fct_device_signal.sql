-- A device that names no customer belongs to the one who registered it.
with signals as (
    select
        signals.*,
        coalesce(records.customer_id, devices.customer_id, -1) as customer_id
    from {{ ref('stg_device_signals') }} as signals
    left join {{ ref('int_record__resolved') }} as records
        on signals.source_system = records.source_system and signals.customer_ref = records.customer_ref
    left join {{ ref('int_identifier__resolved') }} as devices
        on devices.identifier_kind = 'device' and signals.device_ref = devices.identifier
)

select
    {{ surrogate_key(['signals.device_ref', 'signals.occurred_at', 'signals.signal']) }} as device_signal_key,
    signals.device_ref,
    coalesce(customers.customer_key, -1) as customer_key,
    signals.customer_id,
    coalesce(products.product_key, -1) as product_key,
    {{ event_date_key('signals.occurred_at') }} as signal_date_key,
    signals.signal,
    cast(signals.value as {{ type_double() }}) as value,
    signals.occurred_at,
    signals._loaded_at
from signals
left join {{ ref('dim_customer') }} as customers
    on
        signals.customer_id = customers.customer_id
        and signals.occurred_at >= customers.valid_from
        and signals.occurred_at < customers.valid_to
left join {{ ref('dim_product') }} as products
    on
        signals.product_ref = products.product_ref
        and products.product_key <> -1
        and signals.occurred_at >= products.valid_from
        and signals.occurred_at < products.valid_to
