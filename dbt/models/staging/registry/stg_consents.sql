{{ config(
    materialized='incremental',
    unique_key=['source_system', 'customer_ref', 'channel_code', 'purpose', 'effective_at']
) }}

with stated as (
    select
        source_system,
        customer_ref,
        channel,
        {{ purpose_of_consent('purpose') }} as purpose,
        effective_at,
        status,
        evidence,
        _file,
        _line,
        _loaded_at
    from {{ source('raw', 'consents') }}
    {{ where_new(
        source('raw', 'consents'),
        ['source_system', 'customer_ref', 'channel', purpose_of_consent('purpose'), 'effective_at']
    ) }}
),

latest as (
    {{ latest_per_key('stated', ['source_system', 'customer_ref', 'channel', 'purpose', 'effective_at']) }}
),

-- A file that says both of one moment contradicts itself, which is no correction: the opt-out counts.
opted_out as (
    select distinct
        source_system,
        customer_ref,
        channel,
        purpose,
        effective_at,
        _file
    from stated
    where status = 'opt_out'
)

select
    latest.source_system,
    latest.customer_ref,
    latest.channel as channel_code,
    latest.purpose,
    latest.effective_at,
    case when opted_out._file is not null then 'opt_out' else latest.status end as status,
    latest.evidence,
    latest._file,
    latest._loaded_at
from latest
left join opted_out
    on
        latest.source_system = opted_out.source_system
        and latest.customer_ref = opted_out.customer_ref
        and latest.channel = opted_out.channel
        and latest.purpose = opted_out.purpose
        and latest.effective_at = opted_out.effective_at
        and latest._file = opted_out._file
