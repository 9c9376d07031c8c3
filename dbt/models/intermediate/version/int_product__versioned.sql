{%- set attributes = [
    'name', 'brand', 'department', 'category', 'subcategory', 'supplier', 'is_active', 'currency_code',
    'unit_cost_original', 'list_price_original'
] -%}

with history as (
    {{ latest_per_key(ref('stg_products__history'), ['product_ref', 'effective_at']) }}
),

interval_of_version as (
    {{ version_intervals('history', ['product_ref'], attributes) }}
)

select
    history.product_ref,
    interval_of_version.valid_from,
    interval_of_version.valid_to,
    history.name,
    history.brand,
    history.department,
    history.category,
    history.subcategory,
    history.supplier,
    history.is_active,
    history.currency_code,
    history.unit_cost_original,
    history.unit_cost,
    history.list_price_original,
    history.list_price,
    history._loaded_at
from history
inner join interval_of_version
    on
        history.product_ref = interval_of_version.product_ref
        and history.effective_at = interval_of_version.effective_at
