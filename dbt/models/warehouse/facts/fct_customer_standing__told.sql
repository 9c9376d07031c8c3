{{ config(
    schema='intermediate',
    contract={'enforced': false},
    pre_hook="{{ keep_former(['month_date_key', 'fingerprint']) }}"
) }}

-- Everything that the customers of a month are ranked by, in one number. Who has neither ordered nor been refunded yet
-- has no place, whatever else he did.
with ranked as (
    select
        customer_id,
        month_date_key,
        order_count,
        net_amount,
        margin_amount,
        refund_amount,
        recency_days
    from {{ ref('fct_customer_month') }}
    where customer_id <> -1 and (recency_days is not null or refund_amount <> 0)
)

select
    month_date_key,
    {{ fingerprint('ranked') }} as fingerprint
from ranked
group by month_date_key
