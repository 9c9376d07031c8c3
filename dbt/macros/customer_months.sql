{#
    How the months of customers are brought up to date. `fct_customer_month` makes again the months of customers touched,
    and of everybody those that were open. `fct_customer_standing` ranks again from the first month touched on.
#}

{#
    Takes out of a table of months those that were not over in the last run, or are not over on the day that is built for:
    what is told of them changes from day to day. To be called before the model; what is later than what is left is then
    added.
#}
{% macro forget_open_months() %}
    {%- if is_daily() -%}
        delete from {{ this }}
        where month_date_key >= least(
            (select max(made.month_date_key) from {{ this }} as made), {{ month_key(date_key(as_of_date())) }}
        )
    {%- endif -%}
{% endmacro %}

{#
    From which month on those of a customer are made: all of them; in a daily run, of who is not touched those that
    `forget_open_months` has taken out.
#}
{% macro first_month_made(customer_id, touched) -%}
    {%- if is_daily() -%}
        case
            when {{ is_among(customer_id, touched) }} then 0
            else (select coalesce(max(made.month_date_key), 0) + 1 from {{ this }} as made)
        end
    {%- else -%}
        0
    {%- endif -%}
{%- endmacro %}

{# Which facts count: those before the day that is built for; in a daily run, of customers touched. #}
{% macro is_counted(moment) -%}
    {%- set touched = ref('fct_customer_month__touched') -%}
    {{ moment }} < {{ as_of_at() }}
    {%- if is_daily_run() %} and {{ is_among('customer_id', touched) }}{% endif -%}
{%- endmacro %}

{# What customers of a month are ranked by. #}
{% macro ranked_columns() -%}
    {{- return([
        'customer_id', 'month_date_key', 'order_count', 'net_amount', 'margin_amount', 'refund_amount', 'recency_days'
    ]) -}}
{%- endmacro %}

{# Takes out of a table of months those from the first one that a relation names. To be called before the model. #}
{% macro forget_from(first) %}
    {%- if is_daily() -%}
        delete from {{ this }}
        where month_date_key >= (select first_made.month_date_key from {{ first }} as first_made)
    {%- endif -%}
{% endmacro %}

{#
    Takes out of a table the rows of things touched that the relation from which it is made no longer has. To be called
    after the model.
#}
{% macro forget_without(relation, key, column, touched) %}
    {%- if is_daily() -%}
        delete from {{ this }}
        where
            {{ column }} in (select touched.{{ column }} from {{ touched }} as touched)
            and {{ key }} not in (
                select made.{{ key }}
                from {{ relation }} as made
                where made.{{ column }} in (select touched.{{ column }} from {{ touched }} as touched)
            )
    {%- endif -%}
{% endmacro %}

{# The band of who bought nothing within the twelve months: he stands outside the places, at -1. #}
{% macro band_without_value() -%}
    (
        select rules.value_band
        from {{ ref('int_standing_rule__spread') }} as rules
        where rules.measure = 'value' and rules.place = -1
    )
{%- endmacro %}

{#
    In the months that are left everybody keeps his place; what else is told of those touched is told again. Who has no row
    in them yet has done nothing by which he could be ranked.
#}
{% macro union_standing_kept(months, touched_customers) %}
    {%- if is_daily() %}
    union all
    select
        months.customer_month_key,
        months.customer_id,
        months.customer_key,
        months.month_start_date,
        months.month_date_key,
        months.lifecycle_stage,
        case
            when made.customer_month_key is not null then made.value_band
            else {{ band_without_value() }}
        end as value_band,
        months.recency_days,
        coalesce(made.order_count_to_date, 0) as order_count_to_date,
        coalesce(made.net_amount_to_date, 0) as net_amount_to_date,
        coalesce(made.order_count_12m, 0) as order_count_12m,
        coalesce(made.value_amount_12m, 0) as value_amount_12m,
        made.recency_score,
        made.frequency_score,
        made.monetary_score,
        made.rfm_score,
        made.rfm_segment,
        months._loaded_at
    from {{ months }} as months
    inner join {{ touched_customers }} as customers on months.customer_id = customers.customer_id
    left join {{ this }} as made on months.customer_month_key = made.customer_month_key
    where
        months.customer_id <> -1
        and months.month_date_key < (
            select touched.month_date_key from {{ ref('fct_customer_standing__touched') }} as touched
        )
    {%- endif %}
{% endmacro %}
