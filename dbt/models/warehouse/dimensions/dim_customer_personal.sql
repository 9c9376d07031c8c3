{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='customer_id',
    pre_hook="{{ forget_touched('customer_id', ref('int_customer__touched')) }}"
) }}

with record_version as (
    select
        *,
        case when coalesce(full_name, family_name, given_name) is not null then survivor_rank end as name_rank,
        case when coalesce(street, city, postcode) is not null then survivor_rank end as address_rank,
        case when email is not null then survivor_rank end as email_rank,
        case when phone is not null then survivor_rank end as phone_rank
    from {{ ref('int_customer_record__versioned') }}
    {{ where_touched('customer_id', ref('int_customer__touched')) }}
),

-- A name and an address survive whole: parts of two records make none.
surviving as (
    select
        customer_id,
        {{ last_by("coalesce(full_name, '')", 'name_rank') }} as full_name,
        {{ last_by("coalesce(given_name, '')", 'name_rank') }} as given_name,
        {{ last_by("coalesce(family_name, '')", 'name_rank') }} as family_name,
        {{ last_by('organisation_name', 'survivor_rank') }} as organisation_name,
        {{ last_by('tax_code', 'survivor_rank') }} as tax_code,
        {{ last_by('birth_date', 'survivor_rank') }} as birth_date,
        {{ last_by('email', 'survivor_rank') }} as email,
        {{ last_by('phone', 'survivor_rank') }} as phone,
        {{ last_by("coalesce(street, '')", 'address_rank') }} as street,
        {{ last_by("coalesce(city, '')", 'address_rank') }} as city,
        {{ last_by("coalesce(postcode, '')", 'address_rank') }} as postcode,
        {{ last_by("coalesce(country_code, '')", 'address_rank') }} as country_code,
        {{ last_by('source_system', 'name_rank') }} as full_name_source_system,
        {{ last_by('source_system', 'email_rank') }} as email_source_system,
        {{ last_by('source_system', 'phone_rank') }} as phone_source_system,
        {{ last_by('source_system', 'address_rank') }} as street_source_system
    from record_version
    where valid_to = {{ end_of_time() }}
    group by customer_id
)

select
    customer_id,
    coalesce(nullif(full_name, ''), nullif(trim(given_name || ' ' || family_name), '')) as full_name,
    nullif(given_name, '') as given_name,
    nullif(family_name, '') as family_name,
    organisation_name,
    tax_code,
    birth_date,
    email,
    phone,
    nullif(street, '') as street,
    nullif(city, '') as city,
    nullif(postcode, '') as postcode,
    nullif(country_code, '') as country_code,
    full_name_source_system,
    email_source_system,
    phone_source_system,
    street_source_system
from surviving
