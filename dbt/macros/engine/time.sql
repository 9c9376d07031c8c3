{# Days and moments. A `date` is a day of the business's own calendar; a moment is a timestamp in UTC. #}

{# The business's own wall clock at a moment. #}
{% macro local_timestamp(moment) -%}{{ adapter.dispatch('local_timestamp')(moment) }}{%- endmacro %}
{% macro default__local_timestamp(moment) -%}({{ moment }} at time zone '{{ var("time_zone") }}'){%- endmacro %}
{% macro spark__local_timestamp(moment) -%}from_utc_timestamp({{ moment }}, '{{ var("time_zone") }}'){%- endmacro %}

{# The moment at which the business's own day begins. #}
{% macro start_of_day(day) -%}{{ adapter.dispatch('start_of_day')(day) }}{%- endmacro %}
{% macro default__start_of_day(day) -%}
    (cast({{ day }} as timestamp) at time zone '{{ var("time_zone") }}')
{%- endmacro %}
{% macro spark__start_of_day(day) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), '{{ var("time_zone") }}')
{%- endmacro %}

{# The date of a date key; null for the unknown day. Much cheaper than to look up the day of a moment again. #}
{% macro date_of(key) -%}{{ adapter.dispatch('date_of')('nullif(' ~ key ~ ', -1)') }}{%- endmacro %}
{% macro duckdb__date_of(key) -%}
    make_date({{ key }} // 10000, mod({{ key }} // 100, 100), mod({{ key }}, 100))
{%- endmacro %}
{% macro default__date_of(key) -%}
    make_date({{ key }} / 10000, mod({{ key }} / 100, 100), mod({{ key }}, 100))
{%- endmacro %}
{% macro spark__date_of(key) -%}
    make_date({{ key }} div 10000, mod({{ key }} div 100, 100), mod({{ key }}, 100))
{%- endmacro %}

{# Whole days from the first date to the second. #}
{% macro days_between(first_day, last_day) -%}{{ adapter.dispatch('days_between')(first_day, last_day) }}{%- endmacro %}
{% macro default__days_between(first_day, last_day) -%}
    cast(cast({{ last_day }} as date) - cast({{ first_day }} as date) as bigint)
{%- endmacro %}
{% macro spark__days_between(first_day, last_day) -%}
    cast(datediff({{ last_day }}, {{ first_day }}) as bigint)
{%- endmacro %}

{# Whole seconds from the first moment to the second. #}
{% macro seconds_between(first_at, last_at) -%}
    {{- adapter.dispatch('seconds_between')(first_at, last_at) -}}
{%- endmacro %}
{% macro duckdb__seconds_between(first_at, last_at) -%}
    date_sub('second', {{ first_at }}, {{ last_at }})
{%- endmacro %}
{% macro default__seconds_between(first_at, last_at) -%}
    cast(trunc(extract(epoch from {{ last_at }} - {{ first_at }})) as bigint)
{%- endmacro %}
{% macro spark__seconds_between(first_at, last_at) -%}
    timestampdiff(second, {{ first_at }}, {{ last_at }})
{%- endmacro %}

{# A date, some days on. #}
{% macro add_days(day, days) -%}{{ adapter.dispatch('add_days')(day, days) }}{%- endmacro %}
{% macro default__add_days(day, days) -%}(cast({{ day }} as date) + cast({{ days }} as integer)){%- endmacro %}
{% macro spark__add_days(day, days) -%}date_add({{ day }}, cast({{ days }} as int)){%- endmacro %}

{# A moment, some minutes on; a day of 24 hours is 1440. #}
{% macro add_minutes(moment, minutes) -%}{{ adapter.dispatch('add_minutes')(moment, minutes) }}{%- endmacro %}
{% macro duckdb__add_minutes(moment, minutes) -%}
    ({{ moment }} + to_minutes(cast({{ minutes }} as bigint)))
{%- endmacro %}
{% macro default__add_minutes(moment, minutes) -%}
    ({{ moment }} + make_interval(mins => cast({{ minutes }} as integer)))
{%- endmacro %}
{% macro spark__add_minutes(moment, minutes) -%}
    ({{ moment }} + make_interval(0, 0, 0, 0, 0, cast({{ minutes }} as int)))
{%- endmacro %}

{# Microseconds since 1970-01-01 00:00 UTC. #}
{% macro epoch_microseconds(moment) -%}{{ adapter.dispatch('epoch_microseconds')(moment) }}{%- endmacro %}
{% macro duckdb__epoch_microseconds(moment) -%}epoch_us({{ moment }}){%- endmacro %}
{% macro default__epoch_microseconds(moment) -%}
    cast(extract(epoch from {{ moment }}) * 1000000 as bigint)
{%- endmacro %}
{% macro spark__epoch_microseconds(moment) -%}unix_micros({{ moment }}){%- endmacro %}

{# First day of the month, the quarter, the year of a date. #}
{% macro month_start(day) -%}cast(date_trunc('month', {{ day }}) as date){%- endmacro %}
{% macro quarter_start(day) -%}cast(date_trunc('quarter', {{ day }}) as date){%- endmacro %}
{% macro year_start(day) -%}cast(date_trunc('year', {{ day }}) as date){%- endmacro %}

{# 1 = Monday to 7 = Sunday. #}
{% macro iso_day_of_week(day) -%}{{ adapter.dispatch('iso_day_of_week')(day) }}{%- endmacro %}
{% macro default__iso_day_of_week(day) -%}cast(extract(isodow from {{ day }}) as integer){%- endmacro %}
{% macro spark__iso_day_of_week(day) -%}cast(extract(dayofweek_iso from {{ day }}) as integer){%- endmacro %}

{# Week of the year after ISO 8601. #}
{% macro iso_week(day) -%}cast(extract(week from {{ day }}) as integer){%- endmacro %}

{# First day of the business's week, as the company counts it. #}
{% macro week_start(day) -%}{{ add_days(day, '1 - (' ~ business_day_of_week(day) ~ ')') }}{%- endmacro %}

{# 1 = the day on which the business's week starts. #}
{% macro business_day_of_week(day) -%}
    ({{ iso_day_of_week(day) }} - {{ week_days().index(var('week_start')) + 1 }} + 7) % 7 + 1
{%- endmacro %}

{# Every day from the first to the last, as a relation with one column, date_day; both ends may be expressions. #}
{% macro date_series(first_day, last_day) -%}{{ adapter.dispatch('date_series')(first_day, last_day) }}{%- endmacro %}
{% macro duckdb__date_series(first_day, last_day) -%}
    (
        select cast(unnest(generate_series(
            cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval '1 day'
        )) as date) as date_day
    )
{%- endmacro %}
{% macro default__date_series(first_day, last_day) -%}
    (
        select cast(generate_series(
            cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval '1 day'
        ) as date) as date_day
    )
{%- endmacro %}
{% macro spark__date_series(first_day, last_day) -%}
    (select explode(sequence(cast({{ first_day }} as date), cast({{ last_day }} as date), interval 1 day)) as date_day)
{%- endmacro %}
