{# Names of types. Text is `text` where the engine knows it; nothing else may name a text type in a cast. #}
{% macro type_string() -%}{{ adapter.dispatch('type_string')() }}{%- endmacro %}
{% macro default__type_string() -%}text{%- endmacro %}
{% macro spark__type_string() -%}string{%- endmacro %}

{# A moment, stored in UTC. #}
{% macro type_timestamp() -%}{{ adapter.dispatch('type_timestamp')() }}{%- endmacro %}
{% macro default__type_timestamp() -%}timestamptz{%- endmacro %}
{% macro spark__type_timestamp() -%}timestamp{%- endmacro %}

{# An approximate number. #}
{% macro type_double() -%}{{ adapter.dispatch('type_double')() }}{%- endmacro %}
{% macro default__type_double() -%}double precision{%- endmacro %}
{% macro duckdb__type_double() -%}double{%- endmacro %}
{% macro spark__type_double() -%}double{%- endmacro %}

{# Money: fourteen digits before the point, four after it. #}
{% macro type_money() -%}decimal(18, 4){%- endmacro %}

{# A rate of exchange: small currencies need the digits. #}
{% macro type_rate() -%}decimal(18, 8){%- endmacro %}

{#
    An amount as money; null where it has more digits, so that one absurd figure does not end a run. Where the engine
    cannot try, it stops.
#}
{% macro as_money(amount) -%}{{ adapter.dispatch('as_money')(amount) }}{%- endmacro %}
{% macro default__as_money(amount) -%}cast({{ amount }} as {{ type_money() }}){%- endmacro %}
{% macro duckdb__as_money(amount) -%}try_cast({{ amount }} as {{ type_money() }}){%- endmacro %}
{% macro spark__as_money(amount) -%}try_cast({{ amount }} as {{ type_money() }}){%- endmacro %}
