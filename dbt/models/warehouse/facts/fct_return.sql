{{ config(pre_hook="{{ keep_former(['return_line_key', 'customer_id'], whole=true) }}") }}

-- A return that names no customer belongs to whoever placed the order that it names.
with returned as (
    select
        returned_lines.*,
        orders.order_key,
        coalesce(records.customer_id, orders.customer_id, -1) as customer_id
    from {{ ref('stg_returns') }} as returned_lines
    left join {{ ref('int_record__resolved') }} as records
        on returned_lines.source_system = records.source_system and returned_lines.customer_ref = records.customer_ref
    left join {{ ref('int_order_reference__resolved') }} as orders
        on returned_lines.source_system = orders.source_system and returned_lines.order_ref = orders.order_ref
)

select
    {{ surrogate_key(['returned.source_system', 'returned.return_ref', 'returned.line_number']) }} as return_line_key,
    returned.source_system,
    returned.return_ref,
    returned.line_number,
    coalesce(returned.order_key, -1) as order_key,
    coalesce(customers.customer_key, -1) as customer_key,
    returned.customer_id,
    coalesce(products.product_key, -1) as product_key,
    {{ event_date_key('returned.returned_at') }} as return_date_key,
    returned.currency_code,
    returned.reason,
    returned.is_rate_known,
    returned.quantity,
    returned.amount as refund_amount,
    returned.amount_original as refund_amount_original,
    returned.returned_at,
    returned._loaded_at
from returned
left join {{ ref('dim_customer') }} as customers
    on
        returned.customer_id = customers.customer_id
        and returned.returned_at >= customers.valid_from
        and returned.returned_at < customers.valid_to
left join {{ ref('dim_product') }} as products
    on
        returned.product_ref = products.product_ref
        and products.product_key <> -1
        and returned.returned_at >= products.valid_from
        and returned.returned_at < products.valid_to
