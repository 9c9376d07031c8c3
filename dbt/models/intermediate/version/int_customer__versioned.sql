{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('customer_id', ref('int_customer__touched')) }}"
) }}

{%- set attributes = [
    'party_type', 'gender_code', 'birth_year', 'language_code', 'time_zone', 'country_code', 'region', 'city', 'area_key',
    'household_id', 'registered_at', 'acquisition_channel_code', 'acquisition_partner_ref', 'acquisition_campaign_ref',
    'record_count', 'source_system_count', 'has_email', 'has_phone', 'has_postal_address', 'is_deleted'
] -%}

with surviving as (
    select * from {{ ref('int_customer__surviving') }}
    {{ where_touched('customer_id', ref('int_customer__touched')) }}
),

interval_of_version as (
    {{ version_intervals('surviving', ['customer_id'], attributes) }}
)

select
    surviving.customer_id,
    interval_of_version.valid_from,
    interval_of_version.valid_to,
    surviving.party_type,
    surviving.gender_code,
    surviving.birth_year,
    surviving.language_code,
    surviving.time_zone,
    surviving.country_code,
    nullif(surviving.region, '') as region,
    nullif(surviving.city, '') as city,
    surviving.area_key,
    surviving.household_id,
    surviving.registered_at,
    nullif(surviving.acquisition_channel_code, '') as acquisition_channel_code,
    nullif(surviving.acquisition_partner_ref, '') as acquisition_partner_ref,
    nullif(surviving.acquisition_campaign_ref, '') as acquisition_campaign_ref,
    surviving.record_count,
    surviving.source_system_count,
    surviving.has_email,
    surviving.has_phone,
    surviving.has_postal_address,
    surviving.is_deleted
from surviving
inner join interval_of_version
    on
        surviving.customer_id = interval_of_version.customer_id
        and surviving.effective_at = interval_of_version.effective_at
