{{ config(materialized='view') }}

-- An identifier that belonged to several customers in turn is the last one's here.
select
    identifier_kind,
    source_system,
    identifier,
    {{ last_by('customer_id', 'coalesce(valid_from, ' ~ beginning_of_time() ~ ')') }} as customer_id
from {{ ref('int_identity__current') }}
where identifier_kind in ('email', 'phone', 'handle', 'device')
group by identifier_kind, source_system, identifier
