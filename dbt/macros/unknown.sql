{# Every dimension has a row for 'unknown', with this key; facts point there instead of being dropped. #}
{% macro unknown_key() -%}cast(-1 as bigint){%- endmacro %}

{# The key of a thing known by its reference; the unknown member where the last reference is null. #}
{% macro key_or_unknown(columns) -%}
    case when {{ columns[-1] }} is null then {{ unknown_key() }} else {{ surrogate_key(columns) }} end
{%- endmacro %}
