{{ config(materialized='incremental', unique_key=['identity_key']) }}

select
    {{ surrogate_key([
        'identifier_kind', 'source_system', 'identifier', 'customer_id', epoch_microseconds('valid_from'),
        epoch_microseconds('believed_from')
    ]) }} as identity_key,
    customer_id,
    identifier_kind,
    source_system,
    identifier,
    rule,
    probability,
    believed_to is null as is_current,
    valid_from,
    valid_to,
    believed_from,
    believed_to
from {{ source('ledger', 'identity_ledger') }}
{% if is_daily() %}where greatest(believed_from, believed_to) > {{ loaded_after() }}{% endif %}
