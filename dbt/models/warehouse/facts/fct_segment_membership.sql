{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='customer_id',
    pre_hook="{{ forget_touched('customer_id', ref('fct_segment_membership__touched')) }}"
) }}

-- The version of the segment is the one in force on the day of entry.
with all_told as (
    select
        memberships.segment_name,
        coalesce(merged.surviving_customer_id, memberships.customer_id) as customer_id,
        memberships.entered_on,
        coalesce(memberships.exited_on, {{ last_day() }}) as exited_on,
        memberships.believed_from
    from {{ source('ledger', 'segment_ledger') }} as memberships
    left join {{ ref('bridge_customer_merged') }} as merged on memberships.customer_id = merged.customer_id
    where memberships.believed_to is null
),

told as (
    select * from all_told
    {{ where_touched('customer_id', ref('fct_segment_membership__touched')) }}
),

-- Of one customer no two memberships of a segment touch; of two who turned out to be one they may.
begun as (
    select
        *,
        case
            when
                max(exited_on) over (
                    partition by segment_name, customer_id
                    order by entered_on, exited_on
                    rows between unbounded preceding and 1 preceding
                ) >= entered_on
                then 0
            else 1
        end as is_entry
    from told
),

numbered as (
    select
        *,
        sum(is_entry) over (
            partition by segment_name, customer_id
            order by entered_on, exited_on
            rows between unbounded preceding and current row
        ) as entry_number
    from begun
),

memberships as (
    select
        segment_name,
        customer_id,
        min(entered_on) as entered_on,
        nullif(max(exited_on), {{ last_day() }}) as exited_on,
        min(believed_from) as believed_from
    from numbered
    group by segment_name, customer_id, entry_number
),

placed as (
    select
        *,
        {{ start_of_day('entered_on') }} as entered_at
    from memberships
)

select
    {{ surrogate_key(['placed.segment_name', 'placed.customer_id', 'placed.entered_on']) }} as segment_membership_key,
    placed.customer_id,
    coalesce(segments.segment_key, -1) as segment_key,
    placed.segment_name,
    {{ date_key_or_unknown('placed.entered_on') }} as entered_date_key,
    {{ date_key_or_unknown('placed.exited_on') }} as exited_date_key,
    placed.entered_on,
    placed.exited_on,
    placed.exited_on is null as is_current,
    placed.believed_from as _loaded_at
from placed
left join {{ ref('dim_segment') }} as segments
    on
        placed.segment_name = segments.segment_name
        and placed.entered_at >= segments.valid_from
        and placed.entered_at < segments.valid_to
