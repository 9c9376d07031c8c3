-- Every figure that a check compares. Up to the facts money is in original currencies; from 'facts_before_day' on
-- it is in the home currency and, for order lines, without the cancelled ones, as in the marts.
with balances as (select * from {{ ref('fct_feed_balance') }}),

named as (
    select 'landed' as figure
    union all
    select 'accounted_for' as figure
    union all
    select 'accepted' as figure
    union all
    select 'raw' as figure
    union all
    select 'raw_less_replaced' as figure
    union all
    select 'staging' as figure
),

steps as (
    select
        balances.feed,
        named.figure
    from balances
    cross join named
),

counted as (
    {{ reconciled('order_lines', 'facts', ref('fct_order_line'), 'count(*)', 'sum(net_amount_original)') }}
    union all
    {{ reconciled('returns', 'facts', ref('fct_return'), 'count(*)', 'sum(refund_amount_original)') }}
    union all
    {{ reconciled('loyalty_entries', 'facts', ref('fct_loyalty_entry'), 'count(*)', 'sum(points)') }}
    union all
    {{ reconciled('order_lines', 'facts_before_day', ref('fct_order_line'), 'count(*)', 'sum(net_amount)',
        'not is_cancelled and ordered_at < ' ~ as_of_at()) }}
    union all
    {{ reconciled('returns', 'facts_before_day', ref('fct_return'), 'count(*)', 'sum(refund_amount)',
        'returned_at < ' ~ as_of_at()) }}
    union all
    {{ reconciled('loyalty_entries', 'facts_before_day', ref('fct_loyalty_entry'), 'null', 'sum(points)',
        'customer_id <> -1 and occurred_at < ' ~ as_of_at()) }}
    union all
    {{ reconciled('order_lines', 'customer_purchases', ref('mart_customer_purchase'), 'sum(line_count)',
        'sum(net_amount)') }}
    union all
    {{ reconciled('returns', 'customer_purchases', ref('mart_customer_purchase'), 'sum(return_line_count)',
        'sum(refund_amount)') }}
    union all
    {{ reconciled('order_lines', 'channels', ref('mart_channel_performance'), 'null', 'sum(net_amount)') }}
    union all
    {{ reconciled('order_lines', 'months', ref('mart_business_month'), 'null', 'sum(net_amount)') }}
    union all
    {{ reconciled('returns', 'months', ref('mart_business_month'), 'null', 'sum(refund_amount)') }}
    union all
    {{ reconciled('loyalty_entries', 'balances', ref('mart_customer_360'), 'null', 'sum(points_balance)') }}
)

select
    steps.feed,
    steps.figure,
    case steps.figure
        when 'landed' then balances.landed_row_count
        when 'accounted_for' then balances.raw_row_count + balances.unchanged_row_count + balances.quarantine_row_count
        when 'accepted' then balances.accepted_row_count
        when 'raw' then balances.raw_row_count
        when 'raw_less_replaced' then balances.raw_row_count - balances.replaced_row_count
        when 'staging' then balances.staged_row_count
    end as row_count,
    case steps.figure
        when 'landed' then balances.landed_amount_original
        when 'accounted_for'
            then
                balances.raw_amount_original + balances.unchanged_amount_original
                + balances.quarantined_amount_original
        when 'accepted' then balances.accepted_amount_original
        when 'raw' then balances.raw_amount_original
        when 'raw_less_replaced' then balances.raw_amount_original - balances.replaced_amount_original
        when 'staging' then balances.staged_amount_original
    end as amount
from steps
inner join balances on steps.feed = balances.feed
union all
select
    feed,
    figure,
    row_count,
    amount
from counted
