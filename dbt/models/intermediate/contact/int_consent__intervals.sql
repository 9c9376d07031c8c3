-- What a customer allowed per channel and purpose, from when to when, over all of his records: the latest statement
-- counts, at equal time the opt-out.
with statements as (
    select
        coalesce(records.customer_id, -1) as customer_id,
        consents.channel_code,
        consents.purpose,
        consents.effective_at as valid_from,
        case when max(case when consents.status = 'opt_out' then 1 else 0 end) = 1 then 'opt_out' else 'opt_in' end
            as status,
        max(consents._loaded_at) as _loaded_at
    from {{ ref('stg_consents') }} as consents
    left join {{ ref('int_record__resolved') }} as records
        on consents.source_system = records.source_system and consents.customer_ref = records.customer_ref
    group by coalesce(records.customer_id, -1), consents.channel_code, consents.purpose, consents.effective_at
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
