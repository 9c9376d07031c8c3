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

-- Customers are compared with those who had ordered by then, in value with those who bought within the twelve months.
with measured as (
    select
        since.*,
        {{ standing_to_date('order_count') }} as order_count_to_date,
        {{ standing_to_date('net_amount') }} as net_amount_to_date,
        {{ standing_to_date('order_count') }} > 0 as has_ordered,
        since.order_count_12m > 0 as has_bought
    from {{ ref('fct_customer_standing__measured') }} as since
    {{ standing_before() }}
),

{% set everybody = "partition by month_date_key, has_ordered" %}
{% set buyers = "partition by month_date_key, has_bought" %}
placed as (
    select
        *,
        case when has_ordered then {{ place_of('recency_days desc', everybody) }} end as recency_place,
        case when has_ordered then {{ place_of('order_count_to_date', everybody) }} end as frequency_place,
        case when has_ordered then {{ place_of('net_amount_to_date', everybody) }} end as monetary_place,
        -- Who bought nothing stands outside the places, at -1, where the rules have the band of those.
        case when has_bought then {{ place_of('value_amount_12m', buyers) }} else -1 end as value_place
    from measured
)

select
    placed.customer_month_key,
    placed.customer_id,
    placed.customer_key,
    placed.month_start_date,
    placed.month_date_key,
    placed.lifecycle_stage,
    by_value.value_band,
    placed.recency_days,
    cast(placed.order_count_to_date as bigint) as order_count_to_date,
    cast(placed.net_amount_to_date as {{ type_money() }}) as net_amount_to_date,
    cast(placed.order_count_12m as bigint) as order_count_12m,
    cast(placed.value_amount_12m as {{ type_money() }}) as value_amount_12m,
    cast(by_recency.score as integer) as recency_score,
    cast(by_frequency.score as integer) as frequency_score,
    cast(by_monetary.score as integer) as monetary_score,
    cast(by_recency.score * 100 + by_frequency.score * 10 + by_monetary.score as integer) as rfm_score,
    case when placed.has_ordered then coalesce(segments.rfm_segment, 'unknown') end as rfm_segment,
    placed._loaded_at
from placed
left join {{ ref('int_standing_rule__spread') }} as by_recency
    on by_recency.measure = 'recency' and placed.recency_place = by_recency.place
left join {{ ref('int_standing_rule__spread') }} as by_frequency
    on by_frequency.measure = 'frequency' and placed.frequency_place = by_frequency.place
left join {{ ref('int_standing_rule__spread') }} as by_monetary
    on by_monetary.measure = 'monetary' and placed.monetary_place = by_monetary.place
left join {{ ref('int_standing_rule__spread') }} as by_value
    on by_value.measure = 'value' and placed.value_place = by_value.place
left join {{ ref('rfm_segment') }} as segments
    on by_recency.score = segments.recency_score and by_frequency.score = segments.frequency_score
{{ union_standing_kept(ref('fct_customer_month'), ref('fct_customer_month__touched')) }}
