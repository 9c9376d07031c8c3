{# Money in the company's own currency. #}

{# Code of the currency of a row; a row that names none is in the home currency. #}
{% macro currency_code(column) -%}coalesce(upper(trim({{ column }})), '{{ var("home_currency") }}'){%- endmacro %}

{# Rate to the home currency: 1 at home, else what the filled rates say, else null. #}
{% macro rate_to_home(currency_code, filled_rate) -%}
    case when {{ currency_code }} = '{{ var("home_currency") }}' then cast(1 as {{ type_rate() }}) else {{ filled_rate }} end
{%- endmacro %}

{# An amount in the home currency; null where no rate is known. #}
{% macro to_home(amount, rate) -%}cast({{ amount }} * {{ rate }} as {{ type_money() }}){%- endmacro %}
