{{ config(schema='intermediate', contract={'enforced': false}) }}

-- What may change of a case: whose it is and how long it waited, and the versions of its customer and product.
with told as (
    select
        source_system,
        case_ref
    from {{ ref('int_service_case__touched') }}
    union distinct
    select
        source_system,
        case_ref
    from {{ ref('int_service_case__resolved') }}
    where {{ is_among('customer_id', changed_versions('customer')) }}
    union distinct
    select
        source_system,
        case_ref
    from {{ ref('stg_service_cases') }}
    where {{ is_among('product_ref', changed_versions('product')) }}
)

select
    source_system,
    case_ref,
    {{ surrogate_key(['source_system', 'case_ref']) }} as service_case_key
from told
