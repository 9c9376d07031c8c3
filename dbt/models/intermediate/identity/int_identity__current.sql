{{ config(materialized='view') }}

select
    identifier_kind,
    source_system,
    identifier,
    customer_id,
    rule,
    probability,
    valid_from,
    valid_to
from {{ source('ledger', 'identity_ledger') }}
where
    believed_to is null
    and customer_id is not null
