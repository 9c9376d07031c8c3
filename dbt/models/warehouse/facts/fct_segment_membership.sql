-- The version of the segment is the one in force on the day of entry.
with memberships as (
    select
        *,
        {{ start_of_day('entered_on') }} as entered_at
    from {{ source('ledger', 'segment_ledger') }}
    where believed_to is null
)

select
    {{ surrogate_key(['memberships.segment_name', 'memberships.customer_id', 'memberships.entered_on']) }}
        as segment_membership_key,
    memberships.customer_id,
    coalesce(segments.segment_key, -1) as segment_key,
    memberships.segment_name,
    {{ date_key_or_unknown('memberships.entered_on') }} as entered_date_key,
    {{ date_key_or_unknown('memberships.exited_on') }} as exited_date_key,
    memberships.entered_on,
    memberships.exited_on,
    memberships.exited_on is null as is_current,
    memberships.believed_from as _loaded_at
from memberships
left join {{ ref('dim_segment') }} as segments
    on
        memberships.segment_name = segments.segment_name
        and memberships.entered_at >= segments.valid_from
        and memberships.entered_at < segments.valid_to
