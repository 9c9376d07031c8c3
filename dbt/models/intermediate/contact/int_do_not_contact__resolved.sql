{{ config(materialized='view') }}

with listed as (
    select
        identifier_kind,
        source_system,
        case identifier_kind
            when 'email' then lower(nullif(trim(identifier), ''))
            when 'phone' then {{ phone_digits('identifier') }}
            else nullif(trim(identifier), '')
        end as identifier,
        channel_code,
        reason,
        valid_from,
        valid_to
    from {{ ref('do_not_contact') }}
    where coalesce(company, '{{ var("company") }}') = '{{ var("company") }}'
),

registered as (
    select
        records.customer_id,
        customers.email,
        {{ phone_digits('customers.phone') }} as phone
    from {{ ref('stg_customers') }} as customers
    inner join {{ ref('int_record__resolved') }} as records
        on customers.source_system = records.source_system and customers.customer_ref = records.customer_ref
),

-- All who bear an identifier: a shared one closes the channel to each of them. The list is short: what is not on it is
-- left out first.
bearer as (
    select
        identifier_kind,
        source_system,
        identifier,
        customer_id
    from {{ ref('int_identity__current') }}
    where
        identifier_kind in ('record', 'email', 'phone')
        and identifier in (select listed.identifier from listed)
    union
    select
        'email' as identifier_kind,
        cast(null as {{ type_string() }}) as source_system,
        email as identifier,
        customer_id
    from registered
    where
        email in (
            select listed.identifier
            from listed
            where listed.identifier_kind = 'email'
        )
    union
    select
        'phone' as identifier_kind,
        cast(null as {{ type_string() }}) as source_system,
        phone as identifier,
        customer_id
    from registered
    where
        phone in (
            select listed.identifier
            from listed
            where listed.identifier_kind = 'phone'
        )
)

select distinct
    bearer.customer_id,
    listed.channel_code,
    listed.reason,
    case when listed.valid_from is null then {{ beginning_of_time() }} else {{ start_of_day('listed.valid_from') }} end
        as valid_from,
    case when listed.valid_to is null then {{ end_of_time() }} else {{ start_of_day('listed.valid_to') }} end
        as valid_to
from listed
inner join bearer
    on
        listed.identifier_kind = bearer.identifier_kind
        and listed.identifier = bearer.identifier
        and (listed.identifier_kind <> 'record' or listed.source_system = bearer.source_system)
