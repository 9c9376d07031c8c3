{# yyyymm01, the date key of the first day of the month of a date key. #}
{% macro month_key(date_key) -%}({{ date_key }} - mod({{ date_key }}, 100) + 1){%- endmacro %}
