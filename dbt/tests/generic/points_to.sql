{#
    Every key of a fact has its row in the dimension: one query for all keys of the fact.
    `dimensions` says which column points where: {column: dimension}, or {column: dimension.key} where the names differ.
#}
{% test points_to(model, dimensions) %}
{{ config(fail_calc='coalesce(sum(row_count), 0)', meta={'tells_findings': true}) }}

{% for column, target in dimensions.items() -%}
    {%- set dimension, key = (target ~ '.' ~ column).split('.')[:2] %}
    select
        '{{ column }} is not in {{ dimension }}' as finding,
        count(*) as row_count
    from {{ model }} as pointing
    where not exists (select 1 from {{ ref(dimension) }} as target where target.{{ key }} = pointing.{{ column }})
    having count(*) > 0
    {% if not loop.last %}union all{% endif %}
{%- endfor %}

{% endtest %}
