{{ config(materialized='ephemeral', contract={'enforced': false}) }}

select customer_id
from {{ changed_in(
    ref('fct_campaign_contact'), ['campaign_contact_key', 'contact_ref', 'customer_id'], ['customer_id'],
    whole=true, touched=ref('fct_campaign_contact__touched'), by='campaign_contact_key'
) }}
