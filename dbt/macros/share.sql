{# One number as a share of another, from 0 to 1; null where the other is 0 or unknown. #}
{% macro share_of(part, whole) -%}
    cast(cast({{ part }} as {{ type_double() }}) / nullif({{ whole }}, 0) as {{ type_double() }})
{%- endmacro %}

{# How many rows of a group fulfil a condition. #}
{% macro count_if(condition) -%}sum(case when {{ condition }} then 1 else 0 end){%- endmacro %}

{# How many of each ten thousand stand strictly below, in an order, within a partition of at least one. #}
{% macro place_of(order, partition) -%}
    cast(
        floor(
            cast((rank() over ({{ partition }} order by {{ order }}) - 1) * 10000 as {{ type_double() }})
            / count(*) over ({{ partition }})
        ) as bigint
    )
{%- endmacro %}
