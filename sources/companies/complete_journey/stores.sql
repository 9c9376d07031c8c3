-- One row per store in which a household of the panel bought; nothing more is known of a store.
select distinct
    cast(store_id as varchar) as store_ref,
    'Store ' || cast(store_id as varchar) as name,
    'US' as country
from landing
