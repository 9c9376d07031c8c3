{{ config(
    schema='intermediate',
    contract={'enforced': false},
    pre_hook="{{ keep_former(['customer_id', 'first_month_date_key', 'fingerprint']) }}"
) }}

-- Everything that a customer's months are made from, in one number: where it is another, a daily run makes them again.
with known as (
    {% for fact, key in {
        'fct_order_line': 'order_date_key', 'fct_return': 'return_date_key',
        'fct_touchpoint': 'touchpoint_date_key', 'fct_loyalty_entry': 'entry_date_key'
    }.items() -%}
        select min({{ key }}) as date_key
        from {{ ref(fact) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor -%}
),

first_known as (
    select {{ month_key('min(date_key)') }} as month_date_key
    from known
)

select
    active.customer_id,
    first_known.month_date_key as first_known_month_date_key,
    greatest(min(active.month_date_key), first_known.month_date_key) as first_month_date_key,
    {{ fingerprint('active') }} as fingerprint
from {{ ref('fct_customer_month__active') }} as active
cross join first_known
group by active.customer_id, first_known.month_date_key
