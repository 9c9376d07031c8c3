{{ config(materialized='ephemeral', contract={'enforced': false}) }}

select
    source_system,
    identifier as customer_ref,
    touched_since
from {{ ref('dim_customer__touched') }}
where identifier_kind = 'record'
