{{ config(materialized='ephemeral', contract={'enforced': false}) }}

-- A visitor who turned out to be somebody else, or one of a customer whose versions have changed.
with identifiers as ({{ changed_identifiers() }}),

customers as (
    select customer_id
    from {{ changed_in(ref('dim_customer'), version_columns('customer'), ['customer_id']) }}
)

select identifier as visitor_ref
from identifiers
where identifier_kind = 'visitor'
union distinct
select visitor_ref
from {{ ref('int_visitor__resolved') }}
where customer_id in (select customers.customer_id from customers)
