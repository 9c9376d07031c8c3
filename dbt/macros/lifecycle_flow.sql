{#
    How the moves of customers between stages are brought up to date: what was counted of the months that were over stays,
    but for customers touched. Their former months count -1, those that they have now 1; months that are read only as what
    came before the first open one count 0.
#}

{# The first month that was not over in the last run, or is not on the day that is built for. #}
{% macro first_open_month() -%}
    least((select max(made.month_start_date) from {{ this }} as made), {{ month_start(as_of_date()) }})
{%- endmacro %}

{# Takes out the months after that of the day. To be called before the model. #}
{% macro forget_months_to_come() %}
    {%- if is_daily() -%}
        delete from {{ this }} where month_start_date > {{ month_start(as_of_date()) }}
    {%- endif -%}
{% endmacro %}

{# How often a month counts. #}
{% macro weight_of_month() -%}
    {%- set touched = ref('fct_customer_month__touched') -%}
    {%- if is_daily() -%}
        case when month_start_date >= {{ first_open_month() }} or {{ is_among('customer_id', touched) }} then 1 else 0 end
    {%- else -%}
        1
    {%- endif -%}
{%- endmacro %}

{# Which months are read. #}
{% macro and_is_followed() %}
    {%- if is_daily() %}
        and (
            month_start_date >= {{ month_start(add_days(first_open_month(), -1)) }}
            or {{ is_among('customer_id', ref('fct_customer_month__touched')) }}
        )
    {%- endif %}
{% endmacro %}

{# What the months of customers touched were, as far as they were over. #}
{% macro union_former_months() %}
    {%- if is_daily() %}
    union all
    select
        customer_id,
        {{ date_of('month_date_key') }} as month_start_date,
        lifecycle_stage,
        -1 as weight,
        true as is_former
    from {{ former(ref('fct_customer_month')) }}
    where customer_id <> -1 and {{ date_of('month_date_key') }} < {{ first_open_month() }}
    {%- endif %}
{% endmacro %}

{# What was counted of the months that were over. #}
{% macro union_moves_counted() %}
    {%- if is_daily() %}
    union all
    select
        customer_count as weight,
        month_start_date,
        former_lifecycle_stage,
        lifecycle_stage
    from {{ this }}
    where month_start_date < {{ first_open_month() }}
    {%- endif %}
{% endmacro %}
