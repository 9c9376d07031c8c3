{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key=['customer_id', 'channel_code', 'purpose', 'valid_from'],
    pre_hook="{{ forget_touched('customer_id', ref('int_consent__touched')) }}"
) }}

-- What a customer allowed per channel and purpose, from when to when, over all of his records: the latest statement
-- counts, at equal time the opt-out.
with owned as (
    select
        consents.*,
        coalesce(records.customer_id, {{ unknown_key() }}) as customer_id
    from {{ ref('stg_consents') }} as consents
    left join {{ ref('int_record__resolved') }} as records
        on consents.source_system = records.source_system and consents.customer_ref = records.customer_ref
),

statements as (
    select
        customer_id,
        channel_code,
        purpose,
        effective_at as valid_from,
        case when max(case when status = 'opt_out' then 1 else 0 end) = 1 then 'opt_out' else 'opt_in' end as status,
        max(_loaded_at) as _loaded_at
    from owned
    {{ where_touched('customer_id', ref('int_consent__touched')) }}
    group by customer_id, channel_code, purpose, effective_at
)

select
    customer_id,
    channel_code,
    purpose,
    status,
    valid_from,
    lead(valid_from) over (
        partition by customer_id, channel_code, purpose order by valid_from
    ) as superseded_at,
    _loaded_at
from statements
