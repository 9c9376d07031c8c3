{{ config(
    schema='intermediate',
    contract={'enforced': false},
    pre_hook="{{ keep_former(['month_date_key', 'margin_share']) }}"
) }}

-- Who has no known cost in a month earns the share that the others do; where nobody's is known, value is revenue.
select
    month_date_key,
    coalesce(sum(margin_amount) / nullif(sum(case when margin_amount is not null then net_amount end), 0), 1)
        as margin_share
from {{ ref('fct_customer_month') }}
where customer_id <> -1 and order_count > 0
group by month_date_key
