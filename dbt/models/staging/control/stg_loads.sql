{{ config(materialized='view') }}

select
    load_id,
    feed,
    file,
    status,
    reason,
    rows_in as landed_row_count,
    rows_accepted as accepted_row_count,
    rows_quarantined as quarantined_row_count,
    rows_unchanged as unchanged_row_count,
    amount_in as landed_amount,
    amount_accepted as accepted_amount,
    amount_quarantined as quarantined_amount,
    loaded_at as _loaded_at
from {{ source('register', '_load') }}
