{#
    How the months of customers are brought up to date. `fct_customer_month` makes again the months of customers touched,
    and of everybody those that were open. `fct_customer_standing` ranks again from the first month touched on; there it
    makes again the rows of those whose sums are others, all of the open months, and those of who has another score now.
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

{# Takes out of a table of months those after the last one. To be called before the model. #}
{% macro forget_after(bounded) %}
    {%- if is_daily() -%}
        delete from {{ this }}
        where month_date_key > (select bounded.last_month_date_key from {{ bounded }} as bounded)
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
    Which shares of the customers compared stand at the ends of the scores of each measure: the lower end of each, and 1. They
    are read when the model is about to be built, since an engine picks values out only by shares that it knows beforehand.
#}
{% macro ends_of_scores() -%}
    {%- set ends = {} -%}
    {%- if execute -%}
        {%- set places -%}
            select
                measure,
                min(place) as place
            from {{ ref('int_standing_rule__spread') }}
            where place >= 0
            group by measure, score, value_band
            order by measure, min(place)
        {%- endset -%}
        {%- for row in run_query(places).rows -%}
            {%- do ends.setdefault(row[0], []).append('%.4f' % (row[1] / 10000)) -%}
        {%- endfor -%}
        {%- for shares in ends.values() %}{% do shares.append('1.0000') %}{% endfor -%}
    {%- endif -%}
    {{- return(ends) -}}
{%- endmacro %}

{#
    What customers are compared by, from what they are told to have done. They are compared with those who had ordered by
    then, in value with those who bought within the twelve months; who is not compared has nothing there.
#}
{% macro measures_of_standing() -%}
    case when order_count_to_date > 0 then cast(-recency_days as {{ type_money() }}) end as recency,
    case when order_count_to_date > 0 then cast(order_count_to_date as {{ type_money() }}) end as frequency,
    case when order_count_to_date > 0 then net_amount_to_date end as monetary,
    case when order_count_12m > 0 then value_amount_12m end as value
{%- endmacro %}

{# What `fct_customer_standing` held after the last run, for the models from which it is made. #}
{% macro last_standing(months) -%}
    {{ months.incorporate(path={'identifier': 'fct_customer_standing'}) }}
{%- endmacro %}

{# Whether the sums of a customer are made anew: everybody's in a whole build. #}
{% macro is_summed_anew(customer_id, touched_customers) -%}
    {% if is_daily_run() %}{{ is_among(customer_id, touched_customers) }}{% else %}true{% endif %}
{%- endmacro %}

{# In a daily run, only the months of which customers' sums are made anew. #}
{% macro join_summed_anew(months) -%}
    {%- if is_daily_run() %}
    inner join {{ ref('fct_customer_standing__touched_customers') }} as customers
        on {{ months }}.customer_id = customers.customer_id and {{ months }}.month_date_key >= customers.month_date_key
    {%- endif %}
{%- endmacro %}

{# The months that were open, of everybody else: what changes with the day is told anew, sums are those of the first. #}
{% macro union_open_months(months) %}
    {%- if is_daily_run() %}
    union all
    select
        months.customer_month_key,
        months.customer_id,
        months.customer_key,
        months.month_start_date,
        months.month_date_key,
        months.lifecycle_stage,
        months.recency_days,
        months._loaded_at,
        standing.order_count_to_date,
        standing.net_amount_to_date,
        standing.order_count_12m,
        standing.value_amount_12m
    from {{ months }} as months
    inner join {{ last_standing(months) }} as standing on months.customer_id = standing.customer_id
    inner join {{ ref('fct_customer_standing__touched') }} as ranked_again
        on
            standing.month_date_key = ranked_again.open_month_date_key
            and months.month_date_key >= ranked_again.open_month_date_key
    where not {{ is_among('months.customer_id', ref('fct_customer_standing__touched_customers'), ['customer_id']) }}
    {%- endif %}
{% endmacro %}

{# The rows of the months ranked again that nobody makes again unless they stand elsewhere now. #}
{% macro standing_left(standing) %}
    select
        standing.*,
        {{ measures_of_standing() }}
    from {{ standing }} as standing
    inner join {{ ref('fct_customer_standing__touched') }} as ranked_again
        on
            standing.month_date_key >= ranked_again.month_date_key
            and standing.month_date_key < ranked_again.open_month_date_key
    where
        standing.customer_id not in (
            select customers.customer_id
            from {{ ref('fct_customer_standing__touched_customers') }} as customers
            where
                customers.month_date_key < (
                    select open_months.open_month_date_key
                    from {{ ref('fct_customer_standing__touched') }} as open_months
                )
        )
{% endmacro %}

{# What those of the last run are measured by. #}
{% macro union_standing_left(months, measures) %}
    {%- if is_daily_run() %}
    union all
    select
        month_date_key,
        {{ measures | join(', ') }}
    from ({{ standing_left(last_standing(months)) }}) as standing
    {%- endif %}
{% endmacro %}

{#
    Those rows of them whose values no longer lie within the bounds of the scores that they have; each of them has one, so
    that the bounds are found by key.
#}
{% macro union_standing_moved(scored) %}
    {%- if is_daily() %}
    union all
    select
        standing.customer_month_key,
        standing.customer_id,
        standing.customer_key,
        standing.month_start_date,
        standing.month_date_key,
        standing.lifecycle_stage,
        standing.recency_days,
        standing._loaded_at,
        standing.order_count_to_date,
        standing.net_amount_to_date,
        standing.order_count_12m,
        standing.value_amount_12m,
        standing.recency,
        standing.frequency,
        standing.monetary,
        standing.value
    from ({{ standing_left(this) }}) as standing
    {%- for measure, place in {
        'recency': 'recency_score', 'frequency': 'frequency_score', 'monetary': 'monetary_score', 'value': 'value_band'
    }.items() %}
    left join {{ scored }} as of_{{ measure }}
        on
            of_{{ measure }}.measure = '{{ measure }}'
            and standing.month_date_key = of_{{ measure }}.month_date_key
            and standing.{{ place }} = of_{{ measure }}.{{ 'score' if measure != 'value' else place }}
            and standing.{{ measure }} between of_{{ measure }}.lowest and of_{{ measure }}.highest
    {%- endfor %}
    where
        {% for measure in ['recency', 'frequency', 'monetary', 'value'] -%}
            standing.{{ measure }} is not null and of_{{ measure }}.measure is null
            {% if not loop.last %}or {% endif %}
        {%- endfor %}
    {%- endif %}
{% endmacro %}

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
