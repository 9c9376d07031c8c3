{{ config(pre_hook="{{ keep_former(['loyalty_entry_key', 'customer_id'], whole=true) }}") }}

-- The points ledger: a customer's balance is the sum of his entries.
with entries as (
    select
        entries.*,
        coalesce(records.customer_id, -1) as customer_id,
        coalesce(referred.customer_id, -1) as referred_customer_id,
        coalesce(orders.order_key, -1) as order_key
    from {{ ref('stg_loyalty_entries') }} as entries
    left join {{ ref('int_record__resolved') }} as records
        on entries.source_system = records.source_system and entries.customer_ref = records.customer_ref
    left join {{ ref('int_record__resolved') }} as referred
        on entries.source_system = referred.source_system and entries.referred_customer_ref = referred.customer_ref
    left join {{ ref('int_order_reference__resolved') }} as orders
        on entries.source_system = orders.source_system and entries.order_ref = orders.order_ref
)

select
    {{ surrogate_key(['entries.source_system', 'entries.entry_ref']) }} as loyalty_entry_key,
    entries.source_system,
    entries.entry_ref,
    coalesce(customers.customer_key, -1) as customer_key,
    entries.customer_id,
    entries.referred_customer_id,
    entries.order_key,
    {{ event_date_key('entries.occurred_at') }} as entry_date_key,
    entries.kind,
    entries.reward,
    cast(entries.points as {{ type_money() }}) as points,
    entries.occurred_at,
    entries._loaded_at
from entries
left join {{ ref('dim_customer') }} as customers
    on
        entries.customer_id = customers.customer_id
        and entries.occurred_at >= customers.valid_from
        and entries.occurred_at < customers.valid_to
