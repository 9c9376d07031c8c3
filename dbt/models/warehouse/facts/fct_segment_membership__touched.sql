{{ config(schema='intermediate', contract={'enforced': false}) }}

-- Of whom a membership may be another: he entered or left a segment, it is known now that he is another customer, or a
-- segment that he is or was in has other versions.
with merged as (
    select
        customer_id,
        surviving_customer_id
    from {{ changed_in(
        ref('bridge_customer_merged'), ['customer_id', 'surviving_customer_id'], ['customer_id', 'surviving_customer_id']
    ) }}
),

segments as (
    select segment_name
    from {{ changed_in(
        ref('dim_segment'), ['segment_key', 'segment_name', 'valid_from', 'valid_to'], ['segment_name']
    ) }}
),

members as (
    select customer_id
    from {{ source('ledger', 'segment_ledger') }}
    where {{ is_new('greatest(believed_from, believed_to)') }} or {{ is_among('segment_name', 'segments') }}
)

select coalesce(survivors.surviving_customer_id, members.customer_id) as customer_id
from members
left join {{ ref('bridge_customer_merged') }} as survivors on members.customer_id = survivors.customer_id
union distinct
select customer_id
from merged
union distinct
select surviving_customer_id as customer_id
from merged
