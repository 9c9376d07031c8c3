{{ config(materialized='incremental', unique_key=['device_signal_key']) }}

-- A device that names no customer belongs to the one who registered it.
with signals as (
    select * from {{ ref('stg_device_signals') }}
    {{ where_touched(['device_ref', 'occurred_at', 'signal'], ref('fct_device_signal__touched')) }}
),

owned as (
    select
        signals.*,
        coalesce(records.customer_id, devices.customer_id, -1) as customer_id
    from signals
    left join {{ ref('int_record__resolved') }} as records
        on signals.source_system = records.source_system and signals.customer_ref = records.customer_ref
    left join {{ ref('int_identifier__resolved') }} as devices
        on devices.identifier_kind = 'device' and signals.device_ref = devices.identifier
)

select
    {{ surrogate_key(['owned.device_ref', 'owned.occurred_at', 'owned.signal']) }} as device_signal_key,
    owned.device_ref,
    coalesce(customers.customer_key, -1) as customer_key,
    owned.customer_id,
    coalesce(products.product_key, -1) as product_key,
    {{ event_date_key('owned.occurred_at') }} as signal_date_key,
    owned.signal,
    cast(owned.value as {{ type_double() }}) as value,
    owned.occurred_at,
    owned._loaded_at
from owned
left join {{ ref('dim_customer') }} as customers
    on
        owned.customer_id = customers.customer_id
        and owned.occurred_at >= customers.valid_from
        and owned.occurred_at < customers.valid_to
left join {{ ref('dim_product') }} as products
    on
        owned.product_ref = products.product_ref
        and products.product_key <> -1
        and owned.occurred_at >= products.valid_from
        and owned.occurred_at < products.valid_to
