{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key=['source_system', 'order_ref'],
    pre_hook=[
        "{{ keep_former(
            ['source_system', 'order_ref', 'order_key'], touched=ref('int_order_reference__touched'), by='order_ref'
        ) }}",
        "{{ forget_touched('order_ref', ref('int_order_reference__touched')) }}"
    ]
) }}

-- Which order a reference in another feed means: the order of the same system. A system that sells nothing itself (a
-- CRM, a points scheme, a row without a system) may mean an order of another, if only one has an order of that name.
with mentioned as (
    {% for feed in feeds_that_mention_orders() %}
        select
            source_system,
            order_ref
        from {{ ref('stg_' ~ feed) }}
        {{ where_touched('order_ref', ref('int_order_reference__touched')) or 'where order_ref is not null' }}
        {% if not loop.last %}union distinct{% endif %}
    {% endfor %}
),

lines as (
    {{ resolved_order_lines(touched=ref('int_order_reference__touched'), by=['order_ref']) }}
),

selling_systems as (select distinct source_system from {{ ref('stg_order_lines') }}),

orders as (
    select
        source_system,
        order_ref,
        order_key,
        max(customer_id) as customer_id
    from lines
    where order_ref in (select mentioned.order_ref from mentioned)
    group by source_system, order_ref, order_key
),

lone_orders as (
    select
        order_ref,
        max(order_key) as order_key,
        max(customer_id) as customer_id
    from orders
    group by order_ref
    having count(*) = 1
)

select
    mentioned.source_system,
    mentioned.order_ref,
    coalesce(orders.order_key, lone_orders.order_key) as order_key,
    coalesce(orders.customer_id, lone_orders.customer_id) as customer_id
from mentioned
left join orders
    on mentioned.source_system = orders.source_system and mentioned.order_ref = orders.order_ref
left join selling_systems on mentioned.source_system = selling_systems.source_system
-- The condition stands in the key: beside it, it would make the engine compare every row with every other.
left join lone_orders
    on case when selling_systems.source_system is null then mentioned.order_ref end = lone_orders.order_ref
where coalesce(orders.order_key, lone_orders.order_key) is not null
