{# Money in the company's own currency. #}

{# Code of the currency of a row; a row that names none is in the home currency. #}
{% macro currency_code(column) -%}coalesce(upper(trim({{ column }})), '{{ var("home_currency") }}'){%- endmacro %}

{# Rate to the home currency: 1 at home, else what the filled rates say, else null. #}
{% macro rate_to_home(currency_code, filled_rate) -%}
    case when {{ currency_code }} = '{{ var("home_currency") }}' then cast(1 as {{ type_rate() }}) else {{ filled_rate }} end
{%- endmacro %}

{#
    The rows of a relation that names a currency, with `currency_code`, `rated_on` (the day given) and `rate_to_home`, the
    rate of that day; null where none is known.
#}
{% macro with_rate(relation, day) %}
    select
        dated.*,
        {{ rate_to_home('dated.currency_code', 'rate.rate_to_home') }} as rate_to_home
    from (
        select
            {{ relation }}.*,
            {{ currency_code(relation ~ '.currency') }} as currency_code,
            {{ day }} as rated_on
        from {{ relation }}
    ) as dated
    left join {{ ref('stg_exchange_rates__filled') }} as rate
        on
            dated.currency_code = rate.currency_code
            and dated.rated_on = rate.rate_date
{% endmacro %}

{# Two decimals multiplied, as money. A product that is too large for money is null. #}
{% macro multiplied(amount, factor) -%}{{ adapter.dispatch('multiplied')(amount, factor) }}{%- endmacro %}

{% macro default__multiplied(amount, factor) -%}
    {{ as_money('cast(' ~ amount ~ ' as decimal(38, 4)) * ' ~ factor) }}
{%- endmacro %}

{#
    DuckDB keeps the product of two decimals of 18 digits within 18 digits and stops where it does not fit: only there
    are 38 digits used, which cost a hundred times as much.
#}
{% macro duckdb__multiplied(amount, factor) -%}
    coalesce({{ as_money('try((' ~ amount ~ ') * (' ~ factor ~ '))') }}, {{ default__multiplied(amount, factor) }})
{%- endmacro %}

{# An amount in the home currency; null where no rate is known, or the rate makes it too large for money. #}
{% macro to_home(amount, rate) -%}
    case when {{ rate }} = 1 then {{ amount }} else {{ multiplied(amount, rate) }} end
{%- endmacro %}
