{{ config(materialized='incremental', unique_key=['source_system', 'case_ref']) }}

-- Whose case it is: by the record that it names, else by the address, the number, the account, or the order that it is
-- about.
with identifiers as (select * from {{ ref('int_identifier__resolved') }}),

chosen as (
    select * from {{ ref('stg_service_cases') }}
    {{ where_touched(['source_system', 'case_ref'], ref('int_service_case__touched')) }}
)

select
    cases.source_system,
    cases.case_ref,
    coalesce(
        records.customer_id,
        emails.customer_id,
        phones.customer_id,
        handles.customer_id,
        orders.customer_id,
        -1
    ) as customer_id,
    coalesce(orders.order_key, -1) as order_key
from chosen as cases
left join {{ ref('int_record__resolved') }} as records
    on cases.source_system = records.source_system and cases.customer_ref = records.customer_ref
left join identifiers as emails
    on emails.identifier_kind = 'email' and emails.source_system = '' and cases.email = emails.identifier
left join identifiers as phones
    on phones.identifier_kind = 'phone' and phones.source_system = '' and cases.phone = phones.identifier
left join identifiers as handles
    on
        handles.identifier_kind = 'handle'
        and coalesce(cases.platform, '') = handles.source_system
        and cases.handle = handles.identifier
left join {{ ref('int_order_reference__resolved') }} as orders
    on cases.source_system = orders.source_system and cases.order_ref = orders.order_ref
