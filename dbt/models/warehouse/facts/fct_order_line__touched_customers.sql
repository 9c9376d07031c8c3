{{ config(schema='intermediate', contract={'enforced': false}) }}

select customer_id
from {{ changed_in(
    ref('fct_order_line'), ['order_line_key', 'customer_id'], ['customer_id'],
    whole=true, touched=ref('fct_order_line__touched'), by='order_line_key'
) }}
