{{ config(materialized='incremental', unique_key=['source_system', 'entry_ref']) }}

with latest as (
    {{ newest_of('loyalty_entries', ['source_system', 'entry_ref']) }}
)

select
    source_system,
    entry_ref,
    customer_ref,
    kind,
    points,
    occurred_at,
    order_ref,
    reward,
    referred_customer_ref,
    _file,
    _loaded_at
from latest
