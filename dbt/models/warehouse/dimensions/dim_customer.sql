{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='customer_id',
    pre_hook=[
        "{{ keep_former(version_columns('customer') + ['is_current', 'registered_at']) }}",
        "{{ forget_touched('customer_id', ref('dim_customer__touched_customers')) }}",
        "{{ forget_other_versions_in_force() }}"
    ]
) }}

with version as (
    select * from {{ ref('int_customer__versioned') }}
),

-- Every customer that anything points to, whether or not a record of him has come.
member as (
    select customer_id
    from version
    union
    select customer_id
    from {{ ref('int_identity__current') }}
    union
    select {{ unknown_key() }} as customer_id
),

dated as (
    select
        member.customer_id as member_id,
        version.*,
        household.household_id as joined_household_id,
        coalesce(version.valid_from, {{ beginning_of_time() }}) as starts_at,
        coalesce(version.valid_to, {{ end_of_time() }}) as ends_at
    from member
    left join version
        on member.customer_id = version.customer_id
    left join {{ ref('int_household__joined') }} as household
        on coalesce(version.household_id, {{ household_alone('member.customer_id') }}) = household.household_key
)

select
    case
        when member_id = -1 then {{ unknown_key() }}
        else {{ version_key('member_id', 'starts_at') }}
    end as customer_key,
    member_id as customer_id,
    starts_at as valid_from,
    ends_at as valid_to,
    {{ is_current_version('starts_at', 'ends_at') }} as is_current,
    member_id <> -1 and customer_id is null as is_inferred,
    coalesce(party_type, 'unknown') as party_type,
    coalesce(gender_code, 'unknown') as gender_code,
    cast(birth_year as integer) as birth_year,
    coalesce(language_code, 'unknown') as language_code,
    time_zone,
    coalesce(country_code, 'unknown') as country_code,
    coalesce(region, 'unknown') as region,
    coalesce(city, 'unknown') as city,
    coalesce(area_key, {{ unknown_key() }}) as area_key,
    coalesce(joined_household_id, household_id, {{ unknown_key() }}) as household_id,
    registered_at,
    {{ event_date_key('registered_at') }} as registered_date_key,
    coalesce(acquisition_channel_code, 'unknown') as acquisition_channel_code,
    {{ key_or_unknown(['acquisition_partner_ref']) }} as acquisition_partner_key,
    acquisition_campaign_ref,
    coalesce(record_count, 0) as record_count,
    coalesce(source_system_count, 0) as source_system_count,
    coalesce(has_email, false) as has_email,
    coalesce(has_phone, false) as has_phone,
    coalesce(has_postal_address, false) as has_postal_address,
    coalesce(is_deleted, false) as is_deleted
from dated
{% if is_daily() -%}
    where member_id not in (select known.customer_id from {{ this }} as known)
{%- endif %}
