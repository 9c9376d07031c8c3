-- A customer's balance in the last month is the sum of his entries before the day that is built for.
with ledger as (
    select
        customer_id,
        sum(points) as points
    from {{ ref('fct_loyalty_entry') }}
    where occurred_at < {{ as_of_at() }}
    group by customer_id
),

balance as (
    select
        customer_id,
        points_balance
    from {{ ref('fct_customer_month') }}
    where month_start_date = {{ month_start(as_of_date()) }}
)

select
    coalesce(ledger.customer_id, balance.customer_id) as customer_id,
    ledger.points,
    balance.points_balance
from ledger
full outer join balance on ledger.customer_id = balance.customer_id
where coalesce(ledger.points, 0) <> coalesce(balance.points_balance, 0)
