{{ config(schema='intermediate', contract={'enforced': false}) }}

select customer_id
from {{ changed_in(
    ref('fct_customer_month__told'), ['customer_id', 'first_month_date_key', 'fingerprint'], ['customer_id']
) }}
union distinct
select customer_id
from {{ changed_in(ref('dim_customer'), version_columns('customer'), ['customer_id']) }}
