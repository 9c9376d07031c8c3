-- Each figure in each month beside its target, its past and the market.
with measures as (
    select
        *,
        lag(actual_value) over (partition by kpi_code order by month_start_date) as previous_value,
        lag(actual_value, 12) over (partition by kpi_code order by month_start_date) as year_ago_value,
        avg(actual_value) over (
            partition by kpi_code order by month_start_date rows between 3 preceding and 1 preceding
        ) as recent_value
    from {{ ref('mart_kpi_measure') }}
),

benchmarks as (
    select
        metric,
        {{ month_start('period_start_date') }} as benchmark_month,
        lead({{ month_start('period_start_date') }}) over (
            partition by metric order by {{ month_start('period_start_date') }}
        ) as next_benchmark_month,
        avg(value) as benchmark_value
    from {{ ref('fct_market_benchmark') }}
    group by metric, {{ month_start('period_start_date') }}
),

aimed as (
    select
        measures.*,
        kpis.kpi_name,
        kpis.unit,
        kpis.direction,
        kpis.owner,
        kpis.description,
        benchmarks.benchmark_value,
        benchmarks.benchmark_month,
        case targets.target_kind
            when 'value' then targets.target_value
            when 'year_growth' then measures.year_ago_value * (1 + targets.target_value)
        end as target_value
    from measures
    inner join {{ ref('kpi') }} as kpis on measures.kpi_code = kpis.kpi_code
    left join {{ ref('kpi_target') }} as targets
        on
            measures.kpi_code = targets.kpi_code
            and measures.month_start_date >= targets.valid_from
            and (targets.valid_to is null or measures.month_start_date < targets.valid_to)
    -- The market is known later than the company: its last figure stands until the next one comes.
    left join benchmarks
        on
            kpis.benchmark_metric = benchmarks.metric
            and measures.month_start_date >= benchmarks.benchmark_month
            and (benchmarks.next_benchmark_month is null or measures.month_start_date < benchmarks.next_benchmark_month)
)

select
    kpi_code,
    month_start_date,
    kpi_name,
    unit,
    direction,
    owner,
    description,
    is_complete,
    is_complete
    and row_number() over (partition by kpi_code, is_complete order by month_start_date desc) = 1 as is_latest_complete,
    actual_value,
    cast(target_value as {{ type_double() }}) as target_value,
    case
        when target_value is null or actual_value is null then null
        when direction = 'higher' then actual_value >= target_value
        else actual_value <= target_value
    end as is_on_target,
    previous_value,
    year_ago_value,
    cast(actual_value / nullif(recent_value, 0) - 1 as {{ type_double() }}) as trend_share,
    case
        when recent_value is null or actual_value is null then 'unknown'
        when abs(actual_value - recent_value) <= 0.02 * abs(recent_value) then 'steady'
        when (actual_value > recent_value) = (direction = 'higher') then 'better'
        else 'worse'
    end as trend,
    cast(benchmark_value as {{ type_double() }}) as benchmark_value,
    benchmark_month
from aimed
