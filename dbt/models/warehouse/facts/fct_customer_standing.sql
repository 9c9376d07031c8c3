{{ config(
    materialized='incremental',
    unique_key='customer_month_key',
    pre_hook="{{ forget_from(ref('fct_customer_standing__touched')) }}",
    post_hook="{{ forget_without(
        ref('fct_customer_month'), 'customer_month_key', 'customer_id', ref('fct_customer_month__touched')
    ) }}"
) }}

-- depends_on: {{ ref('fct_customer_month') }}, {{ ref('fct_customer_month__touched') }}
-- depends_on: {{ ref('fct_customer_standing__touched') }}

select
    measured.customer_month_key,
    measured.customer_id,
    measured.customer_key,
    measured.month_start_date,
    measured.month_date_key,
    measured.lifecycle_stage,
    case when measured.value is not null then by_value.value_band else {{ band_without_value() }} end as value_band,
    measured.recency_days,
    measured.order_count_to_date,
    measured.net_amount_to_date,
    measured.order_count_12m,
    measured.value_amount_12m,
    cast(by_recency.score as integer) as recency_score,
    cast(by_frequency.score as integer) as frequency_score,
    cast(by_monetary.score as integer) as monetary_score,
    cast(by_recency.score * 100 + by_frequency.score * 10 + by_monetary.score as integer) as rfm_score,
    case when measured.frequency is not null then coalesce(segments.rfm_segment, 'unknown') end as rfm_segment,
    measured._loaded_at
from {{ ref('fct_customer_standing__measured') }} as measured
{% for measure in ['recency', 'frequency', 'monetary', 'value'] -%}
    left join {{ ref('fct_customer_standing__scored') }} as by_{{ measure }}
        on
            by_{{ measure }}.measure = '{{ measure }}'
            and measured.month_date_key = by_{{ measure }}.month_date_key
            and measured.{{ measure }} between by_{{ measure }}.lowest and by_{{ measure }}.highest
{% endfor -%}
left join {{ ref('rfm_segment') }} as segments
    on by_recency.score = segments.recency_score and by_frequency.score = segments.frequency_score
{{ union_standing_kept(ref('fct_customer_month'), ref('fct_customer_month__touched')) }}
