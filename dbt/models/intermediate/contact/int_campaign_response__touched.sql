-- Answers that may be another contact's: what was said of them, or of a contact that they name, is new; or they come
-- from a customer whose a contact is or was, or whose records changed hands. Nearly all of these name their contact.
with contacts as (
    select contact_ref
    from {{ ref('stg_campaign_contacts') }}
    where {{ is_new() }}
),

customers as (
    select customer_id
    from {{ ref('int_record__resolved') }}
    where {{ is_among('customer_ref', ref('stg_campaign_contacts__touched')) }}
    union distinct
    select customer_id
    from {{ ref('int_customer__touched') }}
),

identifiers as ({{ changed_identifiers() }}),

records as (
    select
        source_system,
        customer_ref
    from {{ ref('int_record__resolved') }}
    where {{ is_among('customer_id', 'customers') }}
    union distinct
    select
        source_system,
        identifier as customer_ref
    from identifiers
    where identifier_kind = 'record'
)

select response_ref
from {{ ref('stg_campaign_responses') }}
where
    {{ is_new() }}
    or {{ is_among('contact_ref', 'contacts') }}
    or {{ is_among(['source_system', 'customer_ref'], 'records') }}
