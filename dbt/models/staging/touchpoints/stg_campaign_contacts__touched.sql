{{ config(materialized='ephemeral') }}

-- All that was ever said of the contacts that new rows tell of: a corrected contact leaves the customer whose it was.
{{ touched_by('campaign_contacts', ['contact_ref'], 'customer_ref') }}
