-- From the landed file to the fact: the figures of each step side by side, in original currencies. The checks are in
-- mart_reconciliation.
with loads as (
    select
        feed,
        sum(landed_row_count) as landed_row_count,
        sum(accepted_row_count) as accepted_row_count,
        sum(quarantined_row_count) as quarantined_row_count,
        sum(unchanged_row_count) as unchanged_row_count,
        sum(landed_amount) as landed_amount,
        sum(accepted_amount) as accepted_amount,
        sum(quarantined_amount) as quarantined_amount,
        max(_loaded_at) as _loaded_at
    from {{ ref('stg_loads') }}
    where status = 'loaded'
    group by feed
),

staged as (
    {{ reconciled('order_lines', 'staging', ref('stg_order_lines'), 'count(*)', 'sum(net_amount_original)') }}
    union all
    {{ reconciled('returns', 'staging', ref('stg_returns'), 'count(*)', 'sum(amount_original)') }}
    union all
    {{ reconciled('loyalty_entries', 'staging', ref('stg_loyalty_entries'), 'count(*)', 'sum(points)') }}
)

select
    balances.feed,
    cast(coalesce(loads.landed_row_count, 0) as bigint) as landed_row_count,
    cast(coalesce(loads.accepted_row_count, 0) as bigint) as accepted_row_count,
    cast(coalesce(loads.quarantined_row_count, 0) as bigint) as quarantined_row_count,
    cast(coalesce(loads.unchanged_row_count, 0) as bigint) as unchanged_row_count,
    cast(balances.raw_row_count as bigint) as raw_row_count,
    cast(balances.quarantine_row_count as bigint) as quarantine_row_count,
    cast(balances.replaced_row_count as bigint) as replaced_row_count,
    cast(staged.row_count as bigint) as staged_row_count,
    cast(coalesce(loads.landed_amount, 0) as decimal(38, 4)) as landed_amount_original,
    cast(coalesce(loads.accepted_amount, 0) as decimal(38, 4)) as accepted_amount_original,
    cast(coalesce(loads.quarantined_amount, 0) as decimal(38, 4)) as quarantined_amount_original,
    cast(
        coalesce(loads.landed_amount, 0) - coalesce(loads.accepted_amount, 0) - coalesce(loads.quarantined_amount, 0)
        as decimal(38, 4)
    ) as unchanged_amount_original,
    cast(coalesce(balances.raw_amount, 0) as decimal(38, 4)) as raw_amount_original,
    cast(coalesce(balances.replaced_amount, 0) as decimal(38, 4)) as replaced_amount_original,
    cast(coalesce(staged.amount, 0) as decimal(38, 4)) as staged_amount_original,
    loads._loaded_at
from {{ ref('stg_feed_balance') }} as balances
inner join staged on balances.feed = staged.feed
left join loads on balances.feed = loads.feed
