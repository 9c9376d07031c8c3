with standing as (
    select
        customer_id,
        valid_from as effective_at,
        household_id
    from {{ ref('dim_customer') }}
),

interval_of_household as (
    {{ version_intervals('standing', ['customer_id'], ['household_id']) }}
)

select
    standing.customer_id,
    standing.household_id,
    {{ is_current_version('interval_of_household.valid_from', 'interval_of_household.valid_to') }} as is_current,
    interval_of_household.valid_from,
    interval_of_household.valid_to
from standing
inner join interval_of_household
    on
        standing.customer_id = interval_of_household.customer_id
        and standing.effective_at = interval_of_household.effective_at
where standing.household_id <> {{ unknown_key() }}
