{{ config(schema='intermediate', contract={'enforced': false}) }}

-- depends_on: {{ ref('fct_customer_month') }}
-- depends_on: {{ ref('fct_customer_standing__touched') }}, {{ ref('fct_customer_standing__touched_customers') }}

-- A score is a step of the value: a measure of millions of months is sorted by itself, and no more than the two ends of
-- each step are kept of it. In a daily run most values stand where they are told, in the rows of the last run.
{% set measures = ['recency', 'frequency', 'monetary', 'value'] %}
with measured as (
    select
        month_date_key,
        {{ measures | join(',\n        ') }}
    from {{ ref('fct_customer_standing__measured') }}
    {{ union_standing_left(ref('fct_customer_month'), measures) }}
),

{% for measure in measures -%}
    {{ measure }}_placed as (
        select
            month_date_key,
            {{ measure }} as measured,
            {{ place_of(measure, 'partition by month_date_key') }} as place
        from measured
        where {{ measure }} is not null
    ){{ ',' if not loop.last }}

{% endfor -%}

{% for measure in measures -%}
    select
        rules.measure,
        placed.month_date_key,
        rules.score,
        rules.value_band,
        min(placed.measured) as lowest,
        max(placed.measured) as highest
    from {{ measure }}_placed as placed
    inner join {{ ref('int_standing_rule__spread') }} as rules
        on rules.measure = '{{ measure }}' and placed.place = rules.place
    group by rules.measure, placed.month_date_key, rules.score, rules.value_band
    {% if not loop.last %}union all{% endif %}
{% endfor -%}
