{{ config(materialized='ephemeral', contract={'enforced': false}) }}

select customer_id
from {{ changed_in(
    ref('fct_loyalty_entry'), ['loyalty_entry_key', 'customer_id'], ['customer_id'],
    whole=true, touched=ref('fct_loyalty_entry__touched'), by='loyalty_entry_key'
) }}
