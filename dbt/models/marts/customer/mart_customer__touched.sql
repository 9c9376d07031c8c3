{{ config(schema='intermediate', contract={'enforced': false}) }}

-- Of whom marts may tell something else: a fact of his has changed, or what he bought is of another category, or with
-- the day something of his counts now, or no longer.
with moved as (
    select
        min(counted_until) as counted_from,
        max(counted_until) as counted_until
    from {{ changed_in(ref('fct_customer_month__bounded'), ['counted_until'], ['counted_until']) }}
),

-- Facts themselves count for the months, too. An answer to a campaign counts from its own day on, and what counts for
-- some days only then leaves, or comes back to, the sum.
dated as (
    {% for fact, moment, days in [
        ('fct_campaign_contact', 'bounced_at', 0), ('fct_campaign_contact', 'opened_at', 0),
        ('fct_campaign_contact', 'clicked_at', 0), ('fct_campaign_contact', 'responded_at', 0),
        ('fct_campaign_contact', 'redeemed_at', 0), ('fct_campaign_contact', 'unsubscribed_at', 0),
        ('fct_order_line', 'ordered_at', 365), ('fct_touchpoint', 'occurred_at', 28)
    ] -%}
        select customer_id
        from {{ ref(fact) }}
        where
            {{ moment }} >= (select {{ days_before('moved.counted_from', days) }} from moved)
            and {{ moment }} < (select {{ days_before('moved.counted_until', days) }} from moved)
        {% if not loop.last %}union all{% endif %}
    {% endfor -%}
),

products as (
    select product_key
    from {{ changed_in(ref('dim_product'), ['product_key', 'category'], ['product_key']) }}
)

select customer_id
from {{ ref('fct_customer_month__touched') }}
union distinct
select customer_id
from {{ ref('fct_campaign_contact__touched_customers') }}
union distinct
select customer_id
from dated
union distinct
select customer_id
from {{ ref('fct_order_line') }}
where product_key in (select products.product_key from products)
