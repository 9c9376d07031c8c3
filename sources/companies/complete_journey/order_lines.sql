-- One row per product of a basket. The source's instants are UTC: only so do its weeks end on Sunday at midnight in New York.
-- `sales_value` is what the retailer receives: after its loyalty discount and its match of a coupon, yet including what
-- the manufacturer pays for his own coupon. So the shelf price adds the first two, and `coupon_disc` reduces nothing.
-- A line of quantity 0 (a coupon or deposit alone) has no unit price; its amount counts. Some amounts carry 1e-16 of dust.
select
    'household_panel' as source_system,
    cast(basket_id as varchar) as order_ref,
    row_number() over (partition by basket_id order by product_id) as line_number,
    cast(household_id as varchar) as customer_ref,
    cast(product_id as varchar) as product_ref,
    quantity,
    round((sales_value + retail_disc + coupon_match_disc) / nullif(quantity, 0), 4) as unit_price,
    round(retail_disc + coupon_match_disc, 2) as discount_amount,
    round(sales_value, 2) as net_amount,
    'USD' as currency,
    cast(transaction_timestamp as timestamp) at time zone 'UTC' as ordered_at,
    'store' as channel,
    cast(store_id as varchar) as store_ref,
    'completed' as status
from landing
