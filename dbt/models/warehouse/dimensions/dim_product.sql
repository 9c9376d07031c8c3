{{ config(pre_hook="{{ keep_former(version_columns('product') + cost_columns() + ['category']) }}") }}

with version as (
    select * from {{ ref('int_product__versioned') }}
),

-- Every product that anything points to, whether or not the product itself has come.
member as (
    select product_ref
    from version
    {{ referenced_in([
        'order_lines', 'returns', 'web_events', 'service_cases', 'device_signals'
    ], 'product_ref') }}
    union
    select cast(null as {{ type_string() }}) as product_ref
),

dated as (
    select
        member.product_ref as member_ref,
        version.*,
        coalesce(version.valid_from, {{ beginning_of_time() }}) as starts_at,
        coalesce(version.valid_to, {{ end_of_time() }}) as ends_at
    from member
    left join version
        on member.product_ref = version.product_ref
)

select
    case
        when member_ref is null then {{ unknown_key() }}
        else {{ version_key('member_ref', 'starts_at') }}
    end as product_key,
    coalesce(member_ref, 'unknown') as product_ref,
    starts_at as valid_from,
    ends_at as valid_to,
    {{ is_current_version('starts_at', 'ends_at') }} as is_current,
    member_ref is not null and product_ref is null as is_inferred,
    coalesce(name, 'unknown') as name,
    coalesce(brand, 'unknown') as brand,
    coalesce(department, 'unknown') as department,
    coalesce(category, 'unknown') as category,
    coalesce(subcategory, 'unknown') as subcategory,
    coalesce(supplier, 'unknown') as supplier,
    coalesce(currency_code, '{{ var("home_currency") }}') as currency_code,
    coalesce(is_active, true) as is_active,
    unit_cost as unit_cost_amount,
    unit_cost_original as unit_cost_amount_original,
    list_price as list_price_amount,
    list_price_original as list_price_amount_original
from dated
