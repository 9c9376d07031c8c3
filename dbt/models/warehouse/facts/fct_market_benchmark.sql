select
    {{ surrogate_key(['metric', 'period_start', 'region', 'category']) }} as market_benchmark_key,
    metric,
    {{ date_key('period_start') }} as period_date_key,
    period_start as period_start_date,
    region,
    category,
    cast(value as {{ type_double() }}) as value,
    _loaded_at
from {{ ref('stg_market_benchmarks') }}
