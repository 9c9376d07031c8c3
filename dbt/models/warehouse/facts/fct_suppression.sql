with deceased as (
    select
        records.customer_id,
        cast(null as {{ type_string() }}) as channel_code,
        'deceased' as reason,
        min(coalesce(customers.updated_at, customers._loaded_at)) as valid_from,
        {{ end_of_time() }} as valid_to
    from {{ ref('stg_customers') }} as customers
    inner join {{ ref('int_record__resolved') }} as records
        on customers.source_system = records.source_system and customers.customer_ref = records.customer_ref
    where
        lower({{ json_text('customers.attributes', 'is_deceased') }}) = 'true'
        or {{ json_text('customers.attributes', 'deceased_on') }} is not null
    group by records.customer_id
),

suppression as (
    select * from deceased
    union all
    select
        customer_id,
        channel_code,
        reason,
        valid_from,
        valid_to
    from {{ ref('int_do_not_contact__resolved') }}
    union all
    select
        customer_id,
        channel_code,
        reason,
        valid_from,
        valid_to
    from {{ ref('int_campaign_response__refusing') }}
)

select
    {{ surrogate_key([
        'customer_id', 'channel_code', 'reason', epoch_microseconds('valid_from'), epoch_microseconds('valid_to')
    ]) }} as suppression_key,
    customer_id,
    channel_code,
    reason,
    valid_from,
    valid_to
from suppression
