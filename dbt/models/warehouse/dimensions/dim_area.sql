with demographics as (
    select * from {{ ref('stg_area_demographics') }}
),

-- Every area that a customer lives in, whether or not anything is known of it.
member as (
    select
        country_code,
        postcode
    from demographics
    union
    select
        country_code,
        postcode
    from {{ ref('int_customer_record__versioned') }}
    where postcode is not null
)

select
    {{ surrogate_key(['member.country_code', 'member.postcode']) }} as area_key,
    coalesce(member.country_code, 'unknown') as country_code,
    member.postcode,
    demographics.households as household_count,
    cast(demographics.median_income as {{ type_money() }}) as median_income_amount,
    cast(demographics.attributes as {{ type_string() }}) as attributes
from member
left join demographics
    on
        member.country_code = demographics.country_code
        and member.postcode = demographics.postcode
union all
select
    {{ unknown_key() }} as area_key,
    'unknown' as country_code,
    'unknown' as postcode,
    cast(null as bigint) as household_count,
    cast(null as {{ type_money() }}) as median_income_amount,
    cast(null as {{ type_string() }}) as attributes
