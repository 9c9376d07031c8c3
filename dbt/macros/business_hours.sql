{#
    When the business is open, as a relation: iso_day_of_week (1 = Monday), opens_second, closes_second (since local midnight).
    A weekday that the company does not name is closed.
#}
{% macro business_hours() %}
    {%- set weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] -%}
    (
        select 0 as iso_day_of_week, 0 as opens_second, 0 as closes_second
        {%- for weekday, hours in (var('business_hours') or {}).items() %}
            {%- set opens, closes = hours.split('-') %}
        union all
        select {{ weekdays.index(weekday) + 1 }}, {{ second_of_day(opens) }}, {{ second_of_day(closes) }}
        {%- endfor %}
    )
{%- endmacro %}

{# Seconds since midnight of a wall-clock time written hh:mm; 24:00 is the end of the day. #}
{% macro second_of_day(clock) -%}
    {%- set hour, minute = clock.strip().split(':') -%}
    {{ hour | int * 3600 + minute | int * 60 }}
{%- endmacro %}

{# Whole minutes in a number of seconds. #}
{% macro whole_minutes(seconds) -%}cast(floor(({{ seconds }}) / 60.0) as bigint){%- endmacro %}
