with normalised as (
    select
        metric,
        period_start,
        coalesce(region, '') as region,
        coalesce(category, '') as category,
        value,
        _file,
        _line,
        _loaded_at
    from {{ source('raw', 'market_benchmarks') }}
),

latest as (
    {{ latest_per_key('normalised', ['metric', 'period_start', 'region', 'category']) }}
)

select
    metric,
    period_start,
    region,
    category,
    value,
    _file,
    _loaded_at
from latest
