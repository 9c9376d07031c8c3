{{ config(materialized='ephemeral', contract={'enforced': false}) }}

select
    identifier as visitor_ref,
    touched_since
from {{ ref('dim_customer__touched') }}
where identifier_kind = 'visitor'
