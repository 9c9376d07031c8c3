{{ config(schema='intermediate', contract={'enforced': false}) }}

-- One that changed hands points elsewhere now, whenever it was named; one of a customer whose versions have changed
-- does from the first moment on at which another version is in force.
with changed as (
    select
        customer_id,
        case when count(*) = 1 then min(valid_from) else min(valid_to) end as touched_since
    from {{ changed_in(ref('dim_customer'), version_columns('customer'), version_columns('customer')) }}
    group by customer_key, customer_id
),

customers as (
    select
        customer_id,
        min(touched_since) as touched_since
    from changed
    group by customer_id
),

told as (
    select
        identifier_kind,
        source_system,
        identifier,
        {{ beginning_of_time() }} as touched_since
    from ({{ changed_identifiers() }}) as identifiers
    union all
    select
        believed.identifier_kind,
        believed.source_system,
        believed.identifier,
        customers.touched_since
    from {{ ref('int_identity__current') }} as believed
    inner join customers on believed.customer_id = customers.customer_id
)

select
    identifier_kind,
    source_system,
    identifier,
    min(touched_since) as touched_since
from told
group by identifier_kind, source_system, identifier
