{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('customer_id', ref('int_customer__touched')) }}"
) }}

{%- set attributes = [
    'party_type', 'full_name', 'given_name', 'family_name', 'organisation_name', 'tax_code', 'birth_date', 'gender',
    'email', 'phone', 'street', 'city', 'postcode', 'region', 'country_code', 'language', 'time_zone', 'registered_at',
    'acquisition_channel_code', 'acquisition_partner_ref', 'acquisition_campaign_ref', 'is_deleted'
] -%}

with resolved as (
    select
        source_system,
        customer_ref,
        customer_id
    from {{ ref('int_record__resolved') }}
    {{ where_touched('customer_id', ref('int_customer__touched')) }}
),

history as (
    {{ latest_of_touched(
        ref('stg_customers__history'),
        ['source_system', 'customer_ref', 'effective_at'],
        'resolved',
        ['source_system', 'customer_ref']
    ) }}
),

interval_of_version as (
    {{ version_intervals('history', ['source_system', 'customer_ref'], attributes) }}
)

select
    history.source_system,
    history.customer_ref,
    resolved.customer_id,
    history.effective_at,
    interval_of_version.valid_from,
    interval_of_version.valid_to,
    coalesce(
        history.party_type, case when history.organisation_name is not null then 'organisation' else 'person' end
    ) as party_type,
    history.full_name,
    history.given_name,
    history.family_name,
    history.organisation_name,
    history.tax_code,
    history.birth_date,
    history.gender,
    history.email,
    history.phone,
    history.street,
    history.city,
    history.postcode,
    history.region,
    history.country_code,
    history.language,
    history.time_zone,
    history.registered_at,
    history.acquisition_channel_code,
    history.acquisition_partner_ref,
    history.acquisition_campaign_ref,
    history.is_deleted,
    {{ key_or_unknown(['history.country_code', 'history.postcode']) }} as area_key,
    {{ household_id('history') }} as household_id,
    -- Who wins: a live record over a deleted one, then the later change, then the more trusted system.
    row_number() over (
        partition by resolved.customer_id
        order by
            history.is_deleted desc,
            history.effective_at asc,
            {{ source_trust('history.source_system') }} desc,
            history.source_system desc,
            history.customer_ref desc
    ) as survivor_rank,
    history._loaded_at
from history
inner join interval_of_version
    on
        history.source_system = interval_of_version.source_system
        and history.customer_ref = interval_of_version.customer_ref
        and history.effective_at = interval_of_version.effective_at
inner join resolved
    on
        history.source_system = resolved.source_system
        and history.customer_ref = resolved.customer_ref
