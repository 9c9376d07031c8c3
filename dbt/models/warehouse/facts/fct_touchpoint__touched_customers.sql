{{ config(materialized='ephemeral', contract={'enforced': false}) }}

select customer_id
from {{ changed_in(
    ref('fct_touchpoint'), ['touchpoint_key', 'customer_id'], ['customer_id'],
    whole=true, touched=ref('fct_touchpoint__touched'), by='touchpoint_key'
) }}
