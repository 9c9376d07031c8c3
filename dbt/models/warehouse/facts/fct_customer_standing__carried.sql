{{ config(schema='intermediate', contract={'enforced': false}) }}

-- depends_on: {{ ref('fct_customer_standing__touched_customers') }}

-- The months in which what a customer is measured by changes, each with what it is then: only these few pass through
-- the window. What came before the first month that is ranked again comes with that one. A year lies between two keys
-- of months that are 10,000 apart.
with first_ranked as (select month_date_key from {{ ref('fct_customer_standing__touched') }}),

bought as (
    select
        customer_id,
        month_date_key,
        order_count,
        net_amount,
        margin_amount,
        refund_amount
    from {{ ref('fct_customer_month') }}
    where
        customer_id <> -1
        and (order_count > 0 or net_amount <> 0 or refund_amount <> 0)
        and {{ is_summed_anew('customer_id', ref('fct_customer_standing__touched_customers')) }}
),

valued as (
    select
        bought.customer_id,
        bought.month_date_key,
        bought.order_count,
        bought.net_amount,
        coalesce(bought.margin_amount, cast(bought.net_amount * margin.margin_share as {{ type_money() }}))
        - bought.refund_amount as value_amount,
        bought.month_date_key > (select first_ranked.month_date_key - 10000 from first_ranked) as is_of_last_year
    from bought
    left join {{ ref('fct_customer_standing__margin') }} as margin on bought.month_date_key = margin.month_date_key
),

-- What is bought counts for good, and among the last twelve months until the thirteenth takes it out.
changes as (
    select
        customer_id,
        greatest(month_date_key, (select first_ranked.month_date_key from first_ranked)) as month_date_key,
        order_count,
        net_amount,
        case when is_of_last_year then order_count else 0 end as order_count_12m,
        case when is_of_last_year then value_amount else 0 end as value_amount_12m
    from valued
    union all
    select
        customer_id,
        month_date_key + 10000 as month_date_key,
        0 as order_count,
        0 as net_amount,
        -order_count as order_count_12m,
        -value_amount as value_amount_12m
    from valued
    where
        is_of_last_year
        and month_date_key + 10000 <= (select max(months.month_date_key) from {{ ref('fct_customer_month') }} as months)
),

changed as (
    select
        customer_id,
        month_date_key,
        sum(order_count) as order_count,
        sum(net_amount) as net_amount,
        sum(order_count_12m) as order_count_12m,
        sum(value_amount_12m) as value_amount_12m
    from changes
    group by customer_id, month_date_key
)

select
    customer_id,
    month_date_key,
    coalesce(lead(month_date_key) over (partition by customer_id order by month_date_key), 99990101)
        as next_month_date_key,
    cast(sum(order_count) over until_then as bigint) as order_count_to_date,
    cast(sum(net_amount) over until_then as {{ type_money() }}) as net_amount_to_date,
    cast(sum(order_count_12m) over until_then as bigint) as order_count_12m,
    cast(sum(value_amount_12m) over until_then as {{ type_money() }}) as value_amount_12m
from changed
window until_then as (partition by customer_id order by month_date_key rows unbounded preceding)
