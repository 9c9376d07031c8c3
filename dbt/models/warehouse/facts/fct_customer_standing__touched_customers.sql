{{ config(schema='intermediate', contract={'enforced': false}) }}

-- Whose sums are others, and from which month on: who did something else than was told, or has no known cost in a month
-- in which those of the others earned another share; and when a month begins, whose purchases are a year old in it.
with ranked_again as (
    select
        month_date_key,
        open_month_date_key
    from {{ ref('fct_customer_standing__touched') }}
),

customers as (
    select customer_id
    from {{ ref('fct_customer_month__touched') }}
    union all
    select months.customer_id
    from {{ ref('fct_customer_month') }} as months
    inner join
        {{ changed_in(
            ref('fct_customer_standing__margin'), ['month_date_key', 'margin_share'], ['month_date_key']
        ) }} as margins
        on months.month_date_key = margins.month_date_key
    where months.order_count > 0 and months.margin_amount is null
),

begun as (
    select
        months.customer_id,
        ranked_again.open_month_date_key as month_date_key
    from {{ ref('fct_customer_month') }} as months
    cross join ranked_again
    where
        ranked_again.open_month_date_key > 0
        and (months.order_count > 0 or months.net_amount <> 0 or months.refund_amount <> 0)
        and months.month_date_key > ranked_again.open_month_date_key - 10000
        and months.month_date_key <= (
            select bounded.last_month_date_key - 10000 from {{ ref('fct_customer_month__bounded') }} as bounded
        )
),

dated as (
    select
        customers.customer_id,
        ranked_again.month_date_key
    from customers
    cross join ranked_again
    union all
    select
        customer_id,
        month_date_key
    from begun
)

select
    customer_id,
    min(month_date_key) as month_date_key
from dated
where customer_id <> -1
group by customer_id
