-- How many customers two segments share; both directions, so that each row reads 'of segment, this many are also
-- in other segment'.
with members as (
    select
        segment_name,
        customer_id
    from {{ ref('fct_segment_membership') }}
    where is_current
),

sizes as (
    select
        segment_name,
        count(*) as customer_count
    from members
    group by segment_name
),

-- Many customers are in the same segments: of those one stands for all.
placed as (
    select
        members.customer_id,
        {{ fingerprint('members.segment_name') }} as segments
    from members
    group by members.customer_id
),

alike as (
    select
        min(customer_id) as customer_id,
        count(*) as customer_count
    from placed
    group by segments
),

shared as (
    select
        members.segment_name,
        counterparts.segment_name as other_segment_name,
        cast(sum(alike.customer_count) as bigint) as shared_count
    from alike
    inner join members on alike.customer_id = members.customer_id
    inner join members as counterparts
        on members.customer_id = counterparts.customer_id and members.segment_name < counterparts.segment_name
    group by members.segment_name, counterparts.segment_name
),

both_ways as (
    select
        segment_name,
        other_segment_name,
        shared_count
    from shared
    union all
    select
        other_segment_name,
        segment_name,
        shared_count
    from shared
)

select
    both_ways.segment_name,
    both_ways.other_segment_name,
    cast(both_ways.shared_count as bigint) as shared_count,
    cast(sizes.customer_count as bigint) as customer_count,
    cast(counterparts.customer_count as bigint) as other_customer_count,
    {{ share_of('both_ways.shared_count', 'sizes.customer_count') }} as shared_share,
    cast(
        cast(both_ways.shared_count as {{ type_double() }})
        / (sizes.customer_count + counterparts.customer_count - both_ways.shared_count) as {{ type_double() }}
    ) as jaccard_share
from both_ways
inner join sizes on both_ways.segment_name = sizes.segment_name
inner join sizes as counterparts on both_ways.other_segment_name = counterparts.segment_name
