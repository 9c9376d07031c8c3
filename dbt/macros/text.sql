{# Text as people typed it: without the blanks around it, and null where nothing is left. #}
{% macro clean_text(column) -%}nullif(trim({{ column }}), ''){%- endmacro %}
