{{ config(pre_hook="{{ keep_former(['household_key', 'household_id']) }}") }}

-- Households that a shared phone makes one: an address and a family name, or a customer of whom no address is known.
-- A number that more customers have than live in a household is an office's or made up, and joins nobody.
with recursive holders as (
    select distinct
        customer_id,
        phone
    from {{ ref('int_customer_record__versioned') }}
    where
        valid_to = {{ end_of_time() }}
        and phone is not null
        and party_type = 'person'
        and not is_deleted
),

shared as (
    select phone
    from holders
    group by phone
    having count(*) between 2 and {{ var('household_size_limit') }}
),

ties as (
    select distinct
        holders.phone,
        coalesce(customers.household_id, {{ household_alone('holders.customer_id') }}) as household_key
    from holders
    inner join shared on holders.phone = shared.phone
    inner join {{ ref('int_customer__versioned') }} as customers
        on
            holders.customer_id = customers.customer_id
            and customers.valid_to = {{ end_of_time() }}
),

neighbours as (
    select distinct
        one.household_key,
        other.household_key as other_key
    from ties as one
    inner join ties as other on one.phone = other.phone
),

reached as (
    select
        household_key,
        other_key
    from neighbours
    union
    select
        reached.household_key,
        neighbours.other_key
    from reached
    inner join neighbours on reached.other_key = neighbours.household_key
)

select
    household_key,
    min(other_key) as household_id
from reached
group by household_key
having count(*) <= {{ var('household_size_limit') }}
