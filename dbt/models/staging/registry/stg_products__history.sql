{{ config(materialized='view') }}

with dated as (
    select
        *,
        coalesce(updated_at, _loaded_at) as effective_at
    from {{ source('raw', 'products') }}
),

priced as (
    {{ with_rate('dated', local_date('dated.effective_at')) }}
)

select
    product_ref,
    name,
    brand,
    department,
    category,
    subcategory,
    supplier,
    coalesce(is_active, true) as is_active,
    currency_code,
    unit_cost as unit_cost_original,
    {{ to_home('unit_cost', 'rate_to_home') }} as unit_cost,
    list_price as list_price_original,
    {{ to_home('list_price', 'rate_to_home') }} as list_price,
    rate_to_home is not null as is_rate_known,
    updated_at,
    effective_at,
    _file,
    _line,
    _loaded_at
from priced
