{{ config(materialized='incremental', unique_key=['source_system', 'customer_ref']) }}

with history as (
    select * from {{ ref('stg_customers__history') }}
    {{ where_new(ref('stg_customers__history'), ['source_system', 'customer_ref']) }}
),

latest as (
    {{ latest_per_key('history', ['source_system', 'customer_ref'], updated_at='updated_at') }}
)

select
    source_system,
    customer_ref,
    party_type,
    full_name,
    given_name,
    family_name,
    organisation_name,
    tax_code,
    birth_date,
    gender,
    email,
    phone,
    street,
    city,
    postcode,
    region,
    country_code,
    language,
    time_zone,
    registered_at,
    acquisition_channel_code,
    acquisition_partner_ref,
    acquisition_campaign_ref,
    interests,
    attributes,
    is_deleted,
    updated_at,
    _file,
    _loaded_at
from latest
