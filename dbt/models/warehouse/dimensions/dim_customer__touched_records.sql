{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- A record that changed hands, or one of a customer whose versions have changed: what names it points elsewhere now.
with identifiers as ({{ changed_identifiers() }}),

customers as (
    select customer_id
    from {{ changed_in(ref('dim_customer'), version_columns('customer'), ['customer_id']) }}
)

select
    source_system,
    identifier as customer_ref
from identifiers
where identifier_kind = 'record'
union distinct
select
    source_system,
    customer_ref
from {{ ref('int_record__resolved') }}
where customer_id in (select customers.customer_id from customers)
