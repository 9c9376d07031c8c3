{#
    What a table's columns must hold, in one test a table, because each test costs a start of its own; a row a finding.
    `unique`: a column whose values are told apart, nulls aside; or a list of columns that together name one row, where nulls
    count as equal. `never_null`: columns that always have a value.
#}
{% test sound_columns(model, unique=[], never_null=[]) %}
{{ config(fail_calc='coalesce(sum(row_count), 0)', meta={'tells_findings': true}) }}

{% for entry in unique -%}
    {%- set columns = ([entry] if entry is string else entry) | join(', ') %}
    select
        '{{ columns }} is not unique' as finding,
        count(*) as row_count
    from (
        select {{ columns }}
        from {{ model }}
        {% if entry is string %}where {{ entry }} is not null{% endif %}
        group by {{ columns }}
        having count(*) > 1
    ) as repeated
    having count(*) > 0
    {% if not loop.last or never_null %}union all{% endif %}
{%- endfor %}
{% for column in never_null %}
    select
        '{{ column }} is null' as finding,
        count(*) as row_count
    from {{ model }}
    where {{ column }} is null
    having count(*) > 0
    {% if not loop.last %}union all{% endif %}
{%- endfor %}

{% endtest %}
