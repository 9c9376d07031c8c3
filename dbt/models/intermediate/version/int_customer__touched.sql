-- A record has a new row, or belongs to another customer now: then both that one and the former one are touched.
with identifiers as ({{ changed_identifiers() }}),

records as (
    select
        source_system,
        identifier as customer_ref
    from identifiers
    where identifier_kind = 'record'
    union distinct
    select
        source_system,
        customer_ref
    from {{ ref('stg_customers__history') }}
    where {{ is_new() }}
)

select distinct ledger.customer_id
from {{ source('ledger', 'identity_ledger') }} as ledger
inner join records
    on
        ledger.source_system = records.source_system
        and ledger.identifier = records.customer_ref
where
    ledger.identifier_kind = 'record'
    and ledger.customer_id is not null
