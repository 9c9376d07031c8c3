with latest as (
    {{ latest_per_key(source('raw', 'returns'), ['source_system', 'return_ref', 'line_number']) }}
),

rate as (
    select
        currency_code,
        rate_date,
        rate_to_home
    from {{ ref('stg_exchange_rates__filled') }}
),

dated as (
    select
        latest.*,
        {{ currency_code('latest.currency') }} as currency_code,
        {{ local_date('latest.returned_at') }} as returned_on
    from latest
),

priced as (
    select
        dated.*,
        {{ rate_to_home('dated.currency_code', 'rate.rate_to_home') }} as rate_to_home
    from dated
    left join rate
        on
            dated.currency_code = rate.currency_code
            and dated.returned_on = rate.rate_date
)

select
    priced.source_system,
    priced.return_ref,
    priced.line_number,
    priced.order_ref,
    priced.customer_ref,
    priced.product_ref,
    priced.quantity,
    priced.returned_at,
    priced.returned_on,
    {{ clean_text('priced.reason') }} as reason,
    priced.currency_code,
    priced.amount as amount_original,
    {{ to_home('priced.amount', 'priced.rate_to_home') }} as amount,
    priced.rate_to_home is not null as is_rate_known,
    priced._file,
    priced._loaded_at
from priced
