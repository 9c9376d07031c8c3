{# Text as people typed it: without the blanks around it, and null where nothing is left. #}
{% macro clean_text(column) -%}nullif(trim({{ column }}), ''){%- endmacro %}
{# The digits of a phone number with its country code, without the signs between them and an international prefix. #}
{% macro phone_digits(column) -%}
    nullif(ltrim(translate({{ column }}, ' +-()/.', ''), '0'), '')
{%- endmacro %}
