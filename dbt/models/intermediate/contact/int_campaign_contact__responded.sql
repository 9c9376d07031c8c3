{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='contact_ref',
    pre_hook="{{ forget_touched('contact_ref', ref('int_campaign_contact__touched')) }}"
) }}

-- The milestones that responses report for a campaign contact: the first time of each.
select
    contact_ref,
    min(case when response = 'delivered' then responded_at end) as delivered_at,
    min(case when response = 'bounced' then responded_at end) as bounced_at,
    min(case when response = 'opened' then responded_at end) as opened_at,
    min(case when response = 'clicked' then responded_at end) as clicked_at,
    min(case when response = 'visited' then responded_at end) as visited_at,
    min(case when response = 'redeemed' then responded_at end) as redeemed_at,
    min(case when response = 'accepted' then responded_at end) as accepted_at,
    min(case when response = 'declined' then responded_at end) as declined_at,
    min(case when response = 'complained' then responded_at end) as complained_at,
    min(case when response = 'unsubscribed' then responded_at end) as unsubscribed_at,
    min(case when response in ('clicked', 'visited', 'redeemed', 'accepted') then responded_at end) as responded_at
from {{ ref('int_campaign_response__matched') }}
{{ where_touched('contact_ref', ref('int_campaign_contact__touched')) or 'where contact_ref is not null' }}
group by contact_ref
