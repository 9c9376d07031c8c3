{# Text comes in trimmed, and null where nothing is left: ingestion sees to it. #}
{# The digits of a phone number with its country code, without the signs between them and an international prefix. #}
{% macro phone_digits(column) -%}
    nullif(ltrim(translate({{ column }}, ' +-()/.', ''), '0'), '')
{%- endmacro %}
