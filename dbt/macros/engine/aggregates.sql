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

{#
    Of the values of a group, as a list: for each share, the lowest value at or below which at least that share of them lies.
    Shares are constants, to four places.
#}
{% macro values_at(value, shares) -%}{{ adapter.dispatch('values_at')(value, shares) }}{%- endmacro %}
{% macro duckdb__values_at(value, shares) -%}quantile_disc({{ value }}, [{{ shares | join(', ') }}]){%- endmacro %}
{% macro default__values_at(value, shares) -%}
    percentile_disc(array[{{ shares | join(', ') }}]) within group (order by {{ value }})
{%- endmacro %}
{% macro spark__values_at(value, shares) -%}
    array({% for share in shares %}percentile_disc({{ share }}) within group (order by {{ value }})
    {{- ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
