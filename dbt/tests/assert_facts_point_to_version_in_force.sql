-- Each fact points to the version of its own customer, and of its product, that was in force when it happened.
{%- set events = {
    'fct_order_line': 'ordered_at', 'fct_return': 'returned_at', 'fct_loyalty_entry': 'occurred_at',
    'fct_touchpoint': 'occurred_at', 'fct_web_session': 'started_at', 'fct_campaign_contact': 'sent_at',
    'fct_service_case': 'opened_at', 'fct_opportunity': 'opened_at', 'fct_consent': 'valid_from'
} %}

{% for fact, moment in events.items() -%}
    select
        '{{ fact }}' as fact,
        count(*) as wrong_count
    from {{ ref(fact) }} as fact
    inner join {{ ref('dim_customer') }} as customers on fact.customer_key = customers.customer_key
    where
        fact.customer_id <> customers.customer_id
        or fact.{{ moment }} < customers.valid_from
        or fact.{{ moment }} >= customers.valid_to
    having count(*) > 0
    union all
{% endfor -%}
select
    'fct_order_line by product' as fact,
    count(*) as wrong_count
from {{ ref('fct_order_line') }} as fact
inner join {{ ref('dim_product') }} as products on fact.product_key = products.product_key
where fact.ordered_at < products.valid_from or fact.ordered_at >= products.valid_to
having count(*) > 0
