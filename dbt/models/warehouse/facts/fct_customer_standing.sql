{{ config(
    materialized='incremental',
    unique_key='customer_month_key',
    pre_hook="{{ forget_after(ref('fct_customer_month__bounded')) }}",
    post_hook="{{ forget_without(
        ref('fct_customer_month'), 'customer_month_key', 'customer_id', ref('fct_customer_month__touched')
    ) }}"
) }}

-- depends_on: {{ ref('fct_customer_month') }}, {{ ref('fct_customer_month__touched') }}
-- depends_on: {{ ref('fct_customer_standing__touched') }}, {{ ref('fct_customer_standing__touched_customers') }}
-- depends_on: {{ ref('fct_customer_month__bounded') }}

with ranked as (
    select *
    from {{ ref('fct_customer_standing__measured') }}
    {{ union_standing_moved(ref('fct_customer_standing__scored')) }}
)

select
    ranked.customer_month_key,
    ranked.customer_id,
    ranked.customer_key,
    ranked.month_start_date,
    ranked.month_date_key,
    ranked.lifecycle_stage,
    case when ranked.value is not null then by_value.value_band else {{ band_without_value() }} end as value_band,
    ranked.recency_days,
    ranked.order_count_to_date,
    ranked.net_amount_to_date,
    ranked.order_count_12m,
    ranked.value_amount_12m,
    cast(by_recency.score as integer) as recency_score,
    cast(by_frequency.score as integer) as frequency_score,
    cast(by_monetary.score as integer) as monetary_score,
    cast(by_recency.score * 100 + by_frequency.score * 10 + by_monetary.score as integer) as rfm_score,
    case when ranked.frequency is not null then coalesce(segments.rfm_segment, 'unknown') end as rfm_segment,
    ranked._loaded_at
from ranked
{% for measure in ['recency', 'frequency', 'monetary', 'value'] -%}
    left join {{ ref('fct_customer_standing__scored') }} as by_{{ measure }}
        on
            by_{{ measure }}.measure = '{{ measure }}'
            and ranked.month_date_key = by_{{ measure }}.month_date_key
            and ranked.{{ measure }} between by_{{ measure }}.lowest and by_{{ measure }}.highest
{% endfor -%}
left join {{ ref('rfm_segment') }} as segments
    on by_recency.score = segments.recency_score and by_frequency.score = segments.frequency_score
{{ union_standing_kept(ref('fct_customer_month'), ref('fct_customer_month__touched')) }}
