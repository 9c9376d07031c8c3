{{ config(
    materialized='incremental',
    unique_key=['loyalty_entry_key'],
    pre_hook="{{ keep_former(
        ['loyalty_entry_key', 'customer_id'], whole=true, touched=ref('fct_loyalty_entry__touched'), by='loyalty_entry_key'
    ) }}"
) }}

-- The points ledger: a customer's balance is the sum of his entries.
with entries as (
    {{ touched_rows(ref('stg_loyalty_entries'), ['source_system', 'entry_ref'], ref('fct_loyalty_entry__touched')) }}
),

owned as (
    select
        entries.*,
        coalesce(records.customer_id, -1) as customer_id,
        coalesce(referred.customer_id, -1) as referred_customer_id,
        coalesce(orders.order_key, -1) as order_key
    from entries
    left join {{ ref('int_record__resolved') }} as records
        on entries.source_system = records.source_system and entries.customer_ref = records.customer_ref
    left join {{ ref('int_record__resolved') }} as referred
        on entries.source_system = referred.source_system and entries.referred_customer_ref = referred.customer_ref
    left join {{ ref('int_order_reference__resolved') }} as orders
        on entries.source_system = orders.source_system and entries.order_ref = orders.order_ref
)

select
    {{ surrogate_key(['owned.source_system', 'owned.entry_ref']) }} as loyalty_entry_key,
    owned.source_system,
    owned.entry_ref,
    coalesce(customers.customer_key, -1) as customer_key,
    owned.customer_id,
    owned.referred_customer_id,
    owned.order_key,
    {{ event_date_key('owned.occurred_at') }} as entry_date_key,
    owned.kind,
    owned.reward,
    cast(owned.points as {{ type_money() }}) as points,
    owned.occurred_at,
    owned._loaded_at
from owned
left join {{ ref('dim_customer') }} as customers
    on
        owned.customer_id = customers.customer_id
        and owned.occurred_at >= customers.valid_from
        and owned.occurred_at < customers.valid_to
