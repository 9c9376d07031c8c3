{# Lists and JSON. #}

{# One row per element of a list; stands in a select list. #}
{% macro unnest_list(column) -%}{{ adapter.dispatch('unnest_list')(column) }}{%- endmacro %}
{% macro default__unnest_list(column) -%}unnest({{ column }}){%- endmacro %}
{% macro spark__unnest_list(column) -%}explode({{ column }}){%- endmacro %}

{# How many elements a list has; null for no list. #}
{% macro list_length(column) -%}{{ adapter.dispatch('list_length')(column) }}{%- endmacro %}
{% macro duckdb__list_length(column) -%}len({{ column }}){%- endmacro %}
{% macro default__list_length(column) -%}cardinality({{ column }}){%- endmacro %}
{% macro spark__list_length(column) -%}size({{ column }}){%- endmacro %}

{# One element of a list, counted from 1. #}
{% macro item_of(column, number) -%}{{ adapter.dispatch('item_of')(column, number) }}{%- endmacro %}
{% macro default__item_of(column, number) -%}({{ column }})[{{ number }}]{%- endmacro %}
{% macro spark__item_of(column, number) -%}element_at({{ column }}, {{ number }}){%- endmacro %}

{# The text of one key of a JSON object; null where it is absent. #}
{% macro json_text(column, key) -%}{{ adapter.dispatch('json_text')(column, key) }}{%- endmacro %}
{% macro default__json_text(column, key) -%}({{ column }} ->> '{{ key }}'){%- endmacro %}
{% macro spark__json_text(column, key) -%}get_json_object({{ column }}, '$.{{ key }}'){%- endmacro %}
