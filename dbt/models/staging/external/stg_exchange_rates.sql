with normalised as (
    select
        upper(currency) as currency_code,
        rate_date,
        cast(rate_to_home as {{ type_rate() }}) as rate_to_home,
        _file,
        _line,
        _loaded_at
    from {{ source('raw', 'exchange_rates') }}
),

latest as (
    {{ latest_per_key('normalised', ['currency_code', 'rate_date']) }}
)

select
    currency_code,
    rate_date,
    rate_to_home,
    _file,
    _loaded_at
from latest
