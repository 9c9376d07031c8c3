{{ config(materialized='incremental', unique_key=['source_system', 'return_ref', 'line_number']) }}

with latest as (
    {{ newest_of('returns', ['source_system', 'return_ref', 'line_number'], rated_on='returned_on') }}
),

priced as (
    {{ with_rate('latest', local_date('latest.returned_at')) }}
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
    priced.rated_on as returned_on,
    priced.reason,
    priced.currency_code,
    priced.rate_to_home,
    priced.amount as amount_original,
    {{ to_home('priced.amount', 'priced.rate_to_home') }} as amount,
    {{ to_home('priced.amount', 'priced.rate_to_home') }} is not null as is_rate_known,
    priced._file,
    priced._loaded_at
from priced
