{{ config(schema='intermediate', contract={'enforced': false}) }}

-- One that changed hands, or is of a customer whose versions have changed: what names it points elsewhere now.
{{ changed_identifiers() }}
union distinct
select
    identifier_kind,
    source_system,
    identifier
from {{ ref('int_identity__current') }}
where {{ is_among('customer_id', changed_versions('customer')) }}
