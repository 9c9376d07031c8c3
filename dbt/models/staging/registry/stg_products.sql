with latest as (
    {{ latest_per_key(ref('stg_products__history'), ['product_ref'], updated_at='updated_at') }}
)

select
    product_ref,
    name,
    brand,
    department,
    category,
    subcategory,
    supplier,
    is_active,
    currency_code,
    unit_cost_original,
    unit_cost,
    list_price_original,
    list_price,
    is_rate_known,
    updated_at,
    _file,
    _loaded_at
from latest
