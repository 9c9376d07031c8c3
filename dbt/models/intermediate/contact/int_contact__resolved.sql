-- Whose contact it was: by the record that it names, else by the address, the number, the account or the visitor.
with identifiers as (
    select
        identifier_kind,
        identifier,
        customer_id
    from {{ ref('int_identifier__resolved') }}
    where source_system = ''
)

select
    contacts.contact_ref,
    coalesce(
        records.customer_id,
        emails.customer_id,
        phones.customer_id,
        handles.customer_id,
        visitors.customer_id,
        -1
    ) as customer_id
from {{ ref('stg_contacts') }} as contacts
left join {{ ref('int_record__resolved') }} as records
    on contacts.source_system = records.source_system and contacts.customer_ref = records.customer_ref
left join identifiers as emails on emails.identifier_kind = 'email' and contacts.email = emails.identifier
left join identifiers as phones on phones.identifier_kind = 'phone' and contacts.phone = phones.identifier
left join identifiers as handles on handles.identifier_kind = 'handle' and contacts.handle = handles.identifier
left join {{ ref('int_visitor__resolved') }} as visitors on contacts.visitor_ref = visitors.visitor_ref
