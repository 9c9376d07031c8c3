{{ config(materialized='ephemeral', contract={'enforced': false}) }}

select customer_id
from {{ changed_in(ref('fct_return'), ['return_line_key', 'customer_id'], ['customer_id'], whole=true) }}
