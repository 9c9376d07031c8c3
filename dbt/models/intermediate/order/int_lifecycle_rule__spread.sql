-- Which rules of life stages a number of orders or of days obeys, one bit a rule: a stage is then found by joining
-- numbers, not by trying every rule on every month of every customer. -1 stands for no order, which obeys only what
-- does not bind.
with numbers as (
    select -1 as number
    union all
    select {{ days_between('span.first_day', 'series.date_day') }} as number
    from {{ date_series(
        '(select first_day from ' ~ ref('int_calendar__spanned') ~ ')',
        '(select last_day from ' ~ ref('int_calendar__spanned') ~ ')'
    ) }} as series
    cross join {{ ref('int_calendar__spanned') }} as span
),

bounds as (
    select
        'order_count' as measure,
        position,
        min_order_count as lowest,
        max_order_count as highest
    from {{ ref('lifecycle_rule') }}
    union all
    select
        'recency_days' as measure,
        position,
        min_recency_days as lowest,
        max_recency_days as highest
    from {{ ref('lifecycle_rule') }}
    union all
    select
        'tenure_days' as measure,
        position,
        min_tenure_days as lowest,
        max_tenure_days as highest
    from {{ ref('lifecycle_rule') }}
)

select
    bounds.measure,
    cast(numbers.number as bigint) as number,
    cast(sum(power(2, bounds.position)) as bigint) as rule_bits
from numbers
inner join bounds
    on
        (numbers.number >= 0 or (bounds.lowest is null and bounds.highest is null))
        and (bounds.lowest is null or numbers.number >= bounds.lowest)
        and (bounds.highest is null or numbers.number <= bounds.highest)
group by bounds.measure, numbers.number
