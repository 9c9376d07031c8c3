{# One number as a share of another, from 0 to 1; null where the other is 0 or unknown. #}
{% macro share_of(part, whole) -%}
    cast(cast({{ part }} as {{ type_double() }}) / nullif({{ whole }}, 0) as {{ type_double() }})
{%- endmacro %}

{# How many rows of a group fulfil a condition. #}
{% macro count_if(condition) -%}sum(case when {{ condition }} then 1 else 0 end){%- endmacro %}
