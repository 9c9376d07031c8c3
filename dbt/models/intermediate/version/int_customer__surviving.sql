{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_touched('customer_id', ref('int_customer__touched')) }}"
) }}

with record_version as (
    select
        *,
        case when coalesce(street, city, postcode) is not null then survivor_rank end as address_rank,
        case
            when coalesce(acquisition_channel_code, acquisition_partner_ref, acquisition_campaign_ref) is not null
                then coalesce(registered_at, effective_at)
        end as acquired_at
    from {{ ref('int_customer_record__versioned') }}
    {{ where_touched('customer_id', ref('int_customer__touched')) }}
),

change as (
    select distinct
        customer_id,
        effective_at
    from record_version
)

-- At each change of one of his records, the customer as all his records say, each in the version then in force.
-- An address and an acquisition survive whole: parts of two records make none.
select
    change.customer_id,
    change.effective_at,
    {{ last_by('record_version.party_type', 'record_version.survivor_rank') }} as party_type,
    {{ last_by(gender_code('record_version.gender'), 'record_version.survivor_rank') }} as gender_code,
    {{ last_by('extract(year from record_version.birth_date)', 'record_version.survivor_rank') }} as birth_year,
    {{ last_by('record_version.language', 'record_version.survivor_rank') }} as language_code,
    {{ last_by('record_version.time_zone', 'record_version.survivor_rank') }} as time_zone,
    coalesce(
        {{ last_by('record_version.country_code', 'record_version.address_rank') }},
        {{ last_by('record_version.country_code', 'record_version.survivor_rank') }}
    ) as country_code,
    {{ last_by("coalesce(record_version.region, '')", 'record_version.address_rank') }} as region,
    {{ last_by("coalesce(record_version.city, '')", 'record_version.address_rank') }} as city,
    {{ last_by('record_version.area_key', 'record_version.address_rank') }} as area_key,
    {{ last_by('record_version.household_id', 'record_version.survivor_rank') }} as household_id,
    min(record_version.registered_at) as registered_at,
    {{ first_by("coalesce(record_version.acquisition_channel_code, '')", 'record_version.acquired_at') }}
        as acquisition_channel_code,
    {{ first_by("coalesce(record_version.acquisition_partner_ref, '')", 'record_version.acquired_at') }}
        as acquisition_partner_ref,
    {{ first_by("coalesce(record_version.acquisition_campaign_ref, '')", 'record_version.acquired_at') }}
        as acquisition_campaign_ref,
    count(*) as record_count,
    count(distinct record_version.source_system) as source_system_count,
    max(case when record_version.email is not null then 1 else 0 end) = 1 as has_email,
    max(case when record_version.phone is not null then 1 else 0 end) = 1 as has_phone,
    max(case when record_version.street is not null then 1 else 0 end) = 1 as has_postal_address,
    min(case when record_version.is_deleted then 1 else 0 end) = 1 as is_deleted
from change
inner join record_version
    on
        change.customer_id = record_version.customer_id
        and change.effective_at >= record_version.effective_at
        and change.effective_at < record_version.valid_to
group by change.customer_id, change.effective_at
