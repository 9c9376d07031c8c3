{{ config(materialized='view') }}

-- Contacts and whose they were, less those that the campaign feed tells of too (same number, same campaign).
select
    contacts.contact_ref,
    contacts.channel_code,
    contacts.direction,
    contacts.purpose,
    contacts.occurred_at,
    contacts.ended_at,
    contacts.agent_ref,
    contacts.partner_ref,
    contacts.campaign_ref,
    contacts.outcome,
    contacts.currency_code,
    contacts.cost_original,
    contacts.cost,
    contacts._loaded_at,
    resolved.customer_id
from {{ ref('stg_contacts') }} as contacts
inner join {{ ref('int_contact__resolved') }} as resolved on contacts.contact_ref = resolved.contact_ref
left join {{ ref('stg_campaign_contacts') }} as told_twice
    on
        contacts.contact_ref = told_twice.contact_ref
        and contacts.campaign_ref = told_twice.campaign_ref
where told_twice.contact_ref is null
