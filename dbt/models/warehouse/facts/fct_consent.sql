{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='consent_key',
    pre_hook="{{ forget_touched('customer_id', ref('int_consent__touched')) }}"
) }}

with consents as (
    select * from {{ ref('int_consent__intervals') }}
    {{ where_touched('customer_id', ref('int_consent__touched')) }}
)

select
    {{ surrogate_key(['consents.customer_id', 'consents.channel_code', 'consents.purpose', 'consents.valid_from']) }}
        as consent_key,
    coalesce(customers.customer_key, -1) as customer_key,
    consents.customer_id,
    coalesce(channels.channel_key, -1) as channel_key,
    consents.channel_code,
    consents.purpose,
    consents.status,
    consents.status = 'opt_in' as is_permitted,
    consents.superseded_at is null as is_current,
    consents.valid_from,
    coalesce(consents.superseded_at, {{ end_of_time() }}) as valid_to,
    consents._loaded_at
from consents
left join {{ ref('dim_customer') }} as customers
    on
        consents.customer_id = customers.customer_id
        and consents.valid_from >= customers.valid_from
        and consents.valid_from < customers.valid_to
left join {{ ref('dim_channel') }} as channels on consents.channel_code = channels.channel_code
