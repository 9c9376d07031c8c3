{{ config(schema='intermediate', contract={'enforced': false}) }}

-- Sums to date go on from month to month: with a month, all that follow it change. Who has neither ordered nor been
-- refunded yet has no place, whatever else he did.
{% set is_placed = 'customer_id <> -1 and (recency_days is not null or refund_amount <> 0) as is_placed' %}
with open_months as (
    -- The months that were not over in the last run, or are not over now.
    select last_month_date_key as month_date_key
    from {{ ref('fct_customer_month__bounded') }}
    union all
    select last_month_date_key as month_date_key
    from {{ changed_in(ref('fct_customer_month__bounded'), ['last_month_date_key'], ['last_month_date_key']) }}
),

months as (
    -- Told apart after they are found: an engine that picks the placed ones first looks for them among all months.
    select case when is_placed then month_date_key end as month_date_key
    from {{ changed_in(
        ref('fct_customer_month'), ranked_columns() + [is_placed], ['month_date_key', 'is_placed'],
        touched=ref('fct_customer_month__touched'), by='customer_id'
    ) }}
    union all
    select month_date_key
    from open_months
)

select
    min(month_date_key) * {{ 1 if is_daily_run() else 0 }} as month_date_key,
    (select min(open_months.month_date_key) from open_months) * {{ 1 if is_daily_run() else 0 }} as open_month_date_key
from months
