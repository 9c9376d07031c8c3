-- How recently, how often and for how much each customer bought. Customers alike stand alike: who shares a value
-- shares the score.
with customers as (
    select
        customer_id,
        recency_days,
        order_count,
        net_amount
    from {{ ref('mart_customer_purchase') }}
    where order_count > 0 and customer_id <> -1
),

ranked as (
    select
        *,
        count(*) over () as customer_count,
        rank() over (order by recency_days desc) - 1 as recency_below,
        rank() over (order by order_count) - 1 as frequency_below,
        rank() over (order by net_amount) - 1 as monetary_below
    from customers
),

placed as (
    select
        *,
        cast(recency_below as {{ type_double() }}) / customer_count as recency_place,
        cast(frequency_below as {{ type_double() }}) / customer_count as frequency_place,
        cast(monetary_below as {{ type_double() }}) / customer_count as monetary_place
    from ranked
),

scored as (
    select
        placed.customer_id,
        max(
            case when rules.measure = 'recency' and placed.recency_place >= rules.from_share then rules.score end
        ) as recency_score,
        max(
            case when rules.measure = 'frequency' and placed.frequency_place >= rules.from_share then rules.score end
        ) as frequency_score,
        max(
            case when rules.measure = 'monetary' and placed.monetary_place >= rules.from_share then rules.score end
        ) as monetary_score
    from placed
    cross join {{ ref('rfm_threshold') }} as rules
    group by placed.customer_id
)

select
    placed.customer_id,
    placed.recency_days,
    placed.order_count,
    placed.net_amount,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    cast(scored.recency_score * 100 + scored.frequency_score * 10 + scored.monetary_score as integer) as rfm_score,
    coalesce(segments.rfm_segment, 'unknown') as rfm_segment
from placed
inner join scored on placed.customer_id = scored.customer_id
left join {{ ref('rfm_segment') }} as segments
    on scored.recency_score = segments.recency_score and scored.frequency_score = segments.frequency_score
