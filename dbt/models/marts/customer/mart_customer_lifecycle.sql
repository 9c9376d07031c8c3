-- Where each customer stands in his life with the company on the day, and where he stood at the end of the last month.
with customers as (
    select
        customers.customer_id,
        coalesce(purchases.order_count, 0) as order_count,
        purchases.recency_days,
        purchases.tenure_days
    from {{ ref('dim_customer') }} as customers
    left join {{ ref('mart_customer_purchase') }} as purchases on customers.customer_id = purchases.customer_id
    where customers.is_current and customers.customer_id <> -1 and {{ was_registered('customers.registered_at') }}
),

-- Few situations are shared by many customers: the rules are tried once on each.
situations as (
    select distinct
        order_count,
        recency_days,
        tenure_days
    from customers
),

ruled as (
    select
        situations.order_count,
        situations.recency_days,
        situations.tenure_days,
        rules.lifecycle_stage,
        rules.position,
        row_number() over (
            partition by situations.order_count, situations.recency_days, situations.tenure_days order by rules.position
        ) as choice
    from situations
    inner join {{ ref('lifecycle_rule') }} as rules
        on
            (rules.min_order_count is null or situations.order_count >= rules.min_order_count)
            and (rules.max_order_count is null or situations.order_count <= rules.max_order_count)
            and (rules.min_recency_days is null or situations.recency_days >= rules.min_recency_days)
            and (rules.max_recency_days is null or situations.recency_days <= rules.max_recency_days)
            and (rules.min_tenure_days is null or situations.tenure_days >= rules.min_tenure_days)
            and (rules.max_tenure_days is null or situations.tenure_days <= rules.max_tenure_days)
),

last_month as (
    select
        customer_id,
        lifecycle_stage
    from {{ ref('fct_customer_month') }}
    where month_start_date = {{ month_start(add_days(month_start(as_of_date()), -1)) }}
)

select
    customers.customer_id,
    ruled.lifecycle_stage,
    last_month.lifecycle_stage as previous_lifecycle_stage,
    coalesce(ruled.lifecycle_stage <> last_month.lifecycle_stage, false) as has_moved,
    cast(customers.order_count as bigint) as order_count,
    customers.recency_days,
    customers.tenure_days
from customers
left join ruled
    on
        ruled.choice = 1
        and customers.order_count = ruled.order_count
        and coalesce(customers.recency_days, -1) = coalesce(ruled.recency_days, -1)
        and coalesce(customers.tenure_days, -1) = coalesce(ruled.tenure_days, -1)
left join last_month on customers.customer_id = last_month.customer_id
