{#
    How marts of customers are brought up to date: of those whom `mart_customer__touched` names all is told anew, of the
    others nothing but what shifts with the day. The rows that a run writes are remembered by the customer, so that their
    tests and the published file take them: such a `unique_key` names all rows of one.
#}

{# Whether all is told anew of a customer: of everybody, in a daily run of those touched. #}
{% macro is_told_anew(customer_id) -%}
    {%- set touched = ref('mart_customer__touched') -%}
    {% if is_daily() %}{{ is_among(customer_id, touched, ['customer_id']) }}{% else %}true{% endif %}
{%- endmacro %}

{# The first moment of a day, some days before a moment's own. #}
{% macro days_before(moment, days) -%}{{ start_of_day(add_days(local_date(moment), -days)) }}{%- endmacro %}

{# Days from the first and the last order to the day that is built for, of whom nothing else is told anew. #}
{% macro count_days_to_today() %}
    {%- if is_daily() -%}
        update {{ this }} set
            recency_days = {{ days_between('last_ordered_on', as_of_date()) }},
            tenure_days = {{ days_between('first_ordered_on', as_of_date()) }}
        where last_ordered_on is not null
    {%- endif -%}
{% endmacro %}
