{{ config(schema='intermediate', contract={'enforced': false}) }}

-- Whose months may be others: a fact of his has changed, or who he was when.
with customers as (
    select customer_id
    from {{ ref('fct_order_line__touched_customers') }}
    union distinct
    select customer_id
    from {{ ref('fct_return__touched_customers') }}
    union distinct
    select customer_id
    from {{ ref('fct_touchpoint__touched_customers') }}
    union distinct
    select customer_id
    from {{ ref('fct_loyalty_entry__touched_customers') }}
    union distinct
    select customer_id
    from {{ changed_in(
        ref('dim_customer'), version_columns('customer') + ['is_current', 'registered_at'], ['customer_id']
    ) }}
),

-- The day that is built for has moved, forth or back: what lies between counts now, or no longer.
moved as (
    select
        min(counted_until) as counted_from,
        max(counted_until) as counted_until
    from {{ changed_in(ref('fct_customer_month__bounded'), ['counted_until'], ['counted_until']) }}
),

dated as (
    {% for fact, moment in {
        'fct_order_line': 'ordered_at', 'fct_return': 'returned_at', 'fct_touchpoint': 'occurred_at',
        'fct_loyalty_entry': 'occurred_at', 'dim_customer': 'registered_at'
    }.items() -%}
        select customer_id
        from {{ ref(fact) }}
        where
            {{ moment }} >= (select moved.counted_from from moved)
            and {{ moment }} < (select moved.counted_until from moved)
        {% if not loop.last %}union all{% endif %}
    {% endfor -%}
),

-- Months from another one on: everybody's.
begun as (
    select first_month_date_key
    from {{ changed_in(ref('fct_customer_month__bounded'), ['first_month_date_key'], ['first_month_date_key']) }}
)

select customer_id
from customers
union distinct
select customer_id
from dated
union distinct
select customer_id
from {{ ref('dim_customer') }}
where exists (select 1 from begun)
