-- A record has a new row, or belongs to another customer now: then both that one and the former one are touched.
with identifiers as ({{ changed_identifiers() }}),

records as (
    select distinct
        source_system,
        customer_ref
    from {{ ref('stg_customers__history') }}
    where {% if is_daily_run() %}_loaded_at > {{ loaded_after() }}{% else %}false{% endif %}
)

select ledger.customer_id
from {{ source('ledger', 'identity_ledger') }} as ledger
inner join identifiers
    on
        ledger.source_system = identifiers.source_system
        and ledger.identifier = identifiers.identifier
where
    ledger.identifier_kind = 'record'
    and identifiers.identifier_kind = 'record'
    and ledger.customer_id is not null
union distinct
select ledger.customer_id
from {{ source('ledger', 'identity_ledger') }} as ledger
inner join records
    on
        ledger.source_system = records.source_system
        and ledger.identifier = records.customer_ref
where
    ledger.identifier_kind = 'record'
    and ledger.customer_id is not null
