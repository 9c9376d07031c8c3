{# Aggregates that engines spell differently. #}

{# The value that is not null at the greatest order. #}
{% macro last_by(value, order) -%}{{ adapter.dispatch('last_by')(value, order) }}{%- endmacro %}
{% macro duckdb__last_by(value, order) -%}arg_max({{ value }}, {{ order }}){%- endmacro %}
{% macro default__last_by(value, order) -%}
    (array_agg({{ value }} order by {{ order }} desc) filter (where {{ value }} is not null))[1]
{%- endmacro %}
{% macro spark__last_by(value, order) -%}
    max_by({{ value }}, {{ order }}) filter (where {{ value }} is not null)
{%- endmacro %}

{# The value that is not null at the smallest order. #}
{% macro first_by(value, order) -%}{{ adapter.dispatch('first_by')(value, order) }}{%- endmacro %}
{% macro duckdb__first_by(value, order) -%}arg_min({{ value }}, {{ order }}){%- endmacro %}
{% macro default__first_by(value, order) -%}
    (array_agg({{ value }} order by {{ order }}) filter (where {{ value }} is not null))[1]
{%- endmacro %}
{% macro spark__first_by(value, order) -%}
    min_by({{ value }}, {{ order }}) filter (where {{ value }} is not null)
{%- endmacro %}

{# The texts of a group in a given order, as one text. #}
{% macro ordered_string_list(expression, order, separator=', ') -%}
    {{- adapter.dispatch('ordered_string_list')(expression, order, separator) -}}
{%- endmacro %}
{% macro default__ordered_string_list(expression, order, separator) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order }})
{%- endmacro %}
{# Spark's listagg drops the order silently, so the pairs are sorted first. #}
{% macro spark__ordered_string_list(expression, order, separator) -%}
    array_join(transform(array_sort(collect_list(struct({{ order }}, {{ expression }} as item))), x -> x.item), '{{ separator }}')
{%- endmacro %}
