-- One row per product. It has no name of its own: its type and the size of its package say what it is.
select
    cast(product_id as varchar) as product_ref,
    nullif(concat_ws(', ', product_type, package_size), '') as name,
    brand,
    department,
    product_category as category,
    product_type as subcategory,
    cast(manufacturer_id as varchar) as supplier,
    'USD' as currency
from landing
