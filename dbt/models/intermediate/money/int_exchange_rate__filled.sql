{{ config(materialized='view') }}

select
    currency_code,
    rate_date,
    rate_to_home,
    is_carried
from {{ ref('stg_exchange_rates__filled') }}
