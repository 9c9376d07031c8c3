{{ config(
    schema='intermediate',
    contract={'enforced': false},
    pre_hook="{{ keep_former(['first_month_date_key', 'last_month_date_key', 'counted_until']) }}"
) }}

-- Which months there are: from the first of which anything is known of anybody to that of the day that is built for.
with known as (
    {% for fact, key in {
        'fct_order_line': 'order_date_key', 'fct_return': 'return_date_key',
        'fct_touchpoint': 'touchpoint_date_key', 'fct_loyalty_entry': 'entry_date_key'
    }.items() -%}
        select min({{ key }}) as date_key
        from {{ ref(fact) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor -%}
)

select
    {{ month_key('min(date_key)') }} as first_month_date_key,
    {{ month_key(date_key(as_of_date())) }} as last_month_date_key,
    {{ as_of_at() }} as counted_until
from known
