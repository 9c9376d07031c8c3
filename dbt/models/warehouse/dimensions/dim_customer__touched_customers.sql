{{ config(schema='intermediate', contract={'enforced': false}) }}

-- Of whom the dimension may tell something else: his records say something else or have changed hands, what else points
-- to him came or went, or the household that he lives in is joined with others.
with identifiers as ({{ changed_identifiers() }}),

households as (
    select household_key
    from {{ changed_in(ref('int_household__joined'), ['household_key', 'household_id'], ['household_key']) }}
)

select customer_id
from {{ ref('int_customer__touched') }}
union distinct
select customer_id
from {{ source('ledger', 'identity_ledger') }}
where
    customer_id is not null
    and {{ is_among(['identifier_kind', 'source_system', 'identifier'], 'identifiers') }}
union distinct
select customer_id
from {{ ref('int_customer__versioned') }}
where {{ is_among(
    'coalesce(household_id, ' ~ household_alone('customer_id') ~ ')', 'households', ['household_key']
) }}
