-- Which customers make the profit. Ordered from the most profitable on, the curve of the cumulated share rises
-- above 1 as long as there are customers who cost more than they bring, and ends at 1.
with customers as (
    select
        customer_id,
        current_value_amount as profit_amount,
        value_basis
    from {{ ref('mart_customer_value') }}
    where current_value_amount is not null
),

cumulated as (
    select
        *,
        row_number() over (order by profit_amount desc, customer_id asc) as profit_rank,
        count(*) over () as customer_count,
        sum(profit_amount) over () as total_amount,
        sum(profit_amount) over (
            order by profit_amount desc, customer_id asc rows unbounded preceding
        ) as cumulated_amount
    from customers
),

-- The first customer with whom four fifths of the profit are reached belongs to those who make it.
reached as (
    select
        *,
        case
            when total_amount > 0 then cast(cumulated_amount / total_amount as {{ type_double() }})
        end as cumulated_share,
        total_amount > 0 and cumulated_amount - profit_amount < 0.8 * total_amount as is_before
    from cumulated
)

select
    customer_id,
    value_basis,
    cast(profit_amount as {{ type_money() }}) as profit_amount,
    cast(profit_rank as bigint) as profit_rank,
    cast(cast(profit_rank as {{ type_double() }}) / customer_count as {{ type_double() }}) as customer_share,
    cast(cumulated_amount as {{ type_money() }}) as cumulated_amount,
    cumulated_share,
    is_before and profit_amount > 0 as is_pareto,
    profit_amount < 0 as is_unprofitable
from reached
