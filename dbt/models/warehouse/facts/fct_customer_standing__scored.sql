{{ config(schema='intermediate', contract={'enforced': false}) }}

-- depends_on: {{ ref('fct_customer_month') }}
-- depends_on: {{ ref('fct_customer_standing__touched') }}, {{ ref('fct_customer_standing__touched_customers') }}

-- A score is a step of the value: its two ends are picked out of the values of millions of months, which needs no sort.
-- In a daily run most values stand where they are told, in the rows of the last run.
{% set measures = ['recency', 'frequency', 'monetary', 'value'] %}
{% set ends = ends_of_scores() %}
with measured as (
    select
        month_date_key,
        {{ measures | join(',\n        ') }}
    from {{ ref('fct_customer_standing__measured') }}
    {{ union_standing_left(ref('fct_customer_month'), measures) }}
),

picked as (
    select
        month_date_key,
        {% for measure in measures -%}
            {{ values_at(measure, ends.get(measure, [])) }} as {{ measure }}_ends{% if not loop.last %},{% endif %}
        {% endfor %}
    from measured
    group by month_date_key
),

rules as (
    select
        measure,
        score,
        value_band,
        min(place) as first_place,
        row_number() over (partition by measure order by min(place)) as step
    from {{ ref('int_standing_rule__spread') }}
    where place >= 0
    group by measure, score, value_band
),

-- A step begins above the value at its lower end, the lowest one with the lowest value.
ended as (
    {% for measure in measures -%}
        select
            rules.measure,
            picked.month_date_key,
            rules.score,
            rules.value_band,
            cast(
                {{ item_of('picked.' ~ measure ~ '_ends', 'rules.step') }}
                + case when rules.first_place > 0 then 0.0001 else 0 end as {{ type_money() }}
            ) as lowest,
            {{ item_of('picked.' ~ measure ~ '_ends', 'rules.step + 1') }} as highest
        from picked
        inner join rules on rules.measure = '{{ measure }}'
        {% if not loop.last %}union all{% endif %}
    {% endfor -%}
)

select
    measure,
    month_date_key,
    score,
    value_band,
    lowest,
    highest
from ended
where lowest <= highest
