-- The numbers tie out: each line sets two figures side by side that must be equal, to the row and to the cent.
with balances as (select * from {{ ref('fct_feed_balance') }}),

facts as (
    select 'order_lines' as feed, count(*) as row_count, coalesce(sum(net_amount_original), 0) as amount from {{ ref('fct_order_line') }}
    union all
    select 'returns', count(*), coalesce(sum(refund_amount_original), 0) from {{ ref('fct_return') }}
    union all
    select 'loyalty_entries', count(*), coalesce(sum(points), 0) from {{ ref('fct_loyalty_entry') }}
),

-- Marts leave out cancelled lines and what lies after the day, and are in the home currency.
sold as (
    select
        count(*) as row_count,
        coalesce(sum(net_amount), 0) as amount
    from {{ ref('fct_order_line') }}
    where not is_cancelled and ordered_at < {{ as_of_at() }}
),

points as (
    select coalesce(sum(points), 0) as amount
    from {{ ref('fct_loyalty_entry') }}
    where occurred_at < {{ as_of_at() }} and customer_id <> -1
),

compared as (
    select
        'accepted = raw' as check_name, feed,
        'accepted by the register' as left_name, accepted_row_count as left_row_count, accepted_amount_original as left_amount,
        'rows in raw' as right_name, raw_row_count as right_row_count, raw_amount_original as right_amount
    from balances
    union all
    select
        'landed = accepted + unchanged + quarantined', feed,
        'landed', landed_row_count, landed_amount_original,
        'rows in raw, unchanged, in quarantine', raw_row_count + unchanged_row_count + quarantine_row_count, landed_amount_original
    from balances
    union all
    select
        'raw - replaced = staging', feed,
        'rows in raw less replaced', raw_row_count - replaced_row_count, raw_amount_original - replaced_amount_original,
        'rows in staging', staged_row_count, staged_amount_original
    from balances
    union all
    select
        'staging = facts', balances.feed,
        'rows in staging', balances.staged_row_count, balances.staged_amount_original, 'facts', facts.row_count, facts.amount
    from balances inner join facts on balances.feed = facts.feed
    union all
    select
        'facts = customer marts', 'order_lines', 'facts before the day, not cancelled', sold.row_count, sold.amount,
        'mart_customer_purchase', (select coalesce(sum(line_count), 0) from {{ ref('mart_customer_purchase') }}),
        (select coalesce(sum(net_amount), 0) from {{ ref('mart_customer_purchase') }})
    from sold
    union all
    select
        'facts = channel marts', 'order_lines', 'facts before the day, not cancelled', null, sold.amount, 'mart_channel_performance', null,
        (select coalesce(sum(net_amount), 0) from {{ ref('mart_channel_performance') }})
    from sold
    union all
    select
        'facts = business months', 'order_lines', 'facts before the day, not cancelled', null, sold.amount, 'mart_business_month', null,
        (select coalesce(sum(net_amount), 0) from {{ ref('mart_business_month') }})
    from sold
    union all
    select
        'points ledger = balance', 'loyalty_entries', 'entries before the day', null, points.amount, 'mart_customer_360', null,
        (select coalesce(sum(points_balance), 0) from {{ ref('mart_customer_360') }})
    from points
)

select
    check_name,
    feed,
    left_name,
    cast(left_row_count as bigint) as left_row_count,
    cast(left_amount as decimal(38, 4)) as left_amount,
    right_name,
    cast(right_row_count as bigint) as right_row_count,
    cast(right_amount as decimal(38, 4)) as right_amount,
    cast(left_row_count - right_row_count as bigint) as row_difference,
    cast(left_amount - right_amount as decimal(38, 4)) as amount_difference,
    coalesce(left_row_count = right_row_count, true) and left_amount = right_amount as is_equal
from compared
