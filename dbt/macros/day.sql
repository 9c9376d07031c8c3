{# The day of a moment, and the day that everything is built for. #}

{# The business's own day of a moment. #}
{% macro local_date(moment) -%}cast({{ local_timestamp(moment) }} as date){%- endmacro %}

{# yyyymmdd of a date; null stays null. #}
{% macro date_key(day) -%}
    cast(
        extract(year from {{ day }}) * 10000 + extract(month from {{ day }}) * 100 + extract(day from {{ day }}) as integer
    )
{%- endmacro %}

{# yyyymmdd of a date; -1, the unknown day, for null. #}
{% macro date_key_or_unknown(day) -%}coalesce({{ date_key(day) }}, -1){%- endmacro %}

{# yyyymmdd of the business's own day of a moment; -1, the unknown day, for null. #}
{% macro event_date_key(moment) -%}{{ date_key_or_unknown(local_date(moment)) }}{%- endmacro %}

{# The day that it is. #}
{% macro today() -%}
    cast('{{ var("today") or run_started_at.astimezone(modules.pytz.timezone(var("time_zone"))).strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}

{# The day that everything is built for; facts of this day and later are not yet known on it. #}
{% macro as_of_date() -%}
    cast('{{ var("as_of_date") or run_started_at.astimezone(modules.pytz.timezone(var("time_zone"))).strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}

{# The moment at which that day begins. #}
{% macro as_of_at() -%}{{ start_of_day(as_of_date()) }}{%- endmacro %}

{# The moment at which it ends: what is dated later was still to come. #}
{% macro end_of_day() -%}{{ start_of_day(add_days(as_of_date(), 1)) }}{%- endmacro %}

{# Whether a customer was there on that day: one who registered later was not; nobody says it of the others. #}
{% macro was_registered(registered_at) -%}
    coalesce({{ registered_at }} < {{ end_of_day() }}, true)
{%- endmacro %}

{# First and last moment of a history of versions. #}
{% macro beginning_of_time() -%}cast('1900-01-01 00:00:00+00' as {{ type_timestamp() }}){%- endmacro %}
{% macro end_of_time() -%}cast('9999-12-31 00:00:00+00' as {{ type_timestamp() }}){%- endmacro %}

{# A day after all others, for what has no end yet. #}
{% macro last_day() -%}cast('9999-12-31' as date){%- endmacro %}

{# Names of the days, Monday first. #}
{% macro week_days() %}
    {{- return(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']) -}}
{% endmacro %}

{# English name of the month of a date. #}
{% macro month_name(day) -%}
    case extract(month from {{ day }})
        {%- for name in [
            'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November',
            'December'
        ] %}
        when {{ loop.index }} then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}
