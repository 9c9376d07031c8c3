{{ config(pre_hook="{{ keep_former(['customer_id', 'surviving_customer_id']) }}") }}

-- Numbers that nothing bears any more, each with the customer who has most of the records that bore it.
with beliefs as (select * from {{ source('ledger', 'identity_ledger') }}),

in_use as (
    select customer_id
    from beliefs
    where believed_to is null
),

retired as (
    select
        customer_id,
        identifier_kind,
        source_system,
        identifier,
        max(believed_to) as believed_to
    from beliefs
    where customer_id not in (select in_use.customer_id from in_use)
    group by customer_id, identifier_kind, source_system, identifier
),

heirs as (
    select
        retired.customer_id,
        believed.customer_id as surviving_customer_id,
        max(retired.believed_to) as merged_at,
        count(case when retired.identifier_kind = 'record' then 1 end) as record_count
    from retired
    inner join beliefs as believed
        on
            retired.identifier_kind = believed.identifier_kind
            and retired.source_system = believed.source_system
            and retired.identifier = believed.identifier
            and believed.believed_to is null
    group by retired.customer_id, believed.customer_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by record_count desc, surviving_customer_id asc
        ) as place
    from heirs
)

select
    customer_id,
    surviving_customer_id,
    merged_at
from ranked
where place = 1
