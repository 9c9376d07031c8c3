-- The numbers tie out: each line sets two figures side by side that must be equal, to the row and to the cent.
with figures as (
    select
        feed,
        figure,
        -- No row at all is none.
        case when figure in ('customer_purchases') then coalesce(row_count, 0) else row_count end as row_count,
        amount
    from {{ ref('mart_reconciliation_figure') }}
)

select
    checks.check_name,
    checks.feed,
    checks.left_figure,
    lefts.row_count as left_row_count,
    lefts.amount as left_amount,
    checks.right_figure,
    rights.row_count as right_row_count,
    rights.amount as right_amount,
    lefts.row_count - rights.row_count as row_difference,
    lefts.amount - rights.amount as amount_difference,
    -- Where a figure has no rows of its own, money alone decides; a figure that is missing is a difference.
    coalesce(lefts.row_count = rights.row_count, true) and coalesce(lefts.amount = rights.amount, false) as is_equal
from {{ ref('reconciliation_check') }} as checks
left join figures as lefts on checks.feed = lefts.feed and checks.left_figure = lefts.figure
left join figures as rights on checks.feed = rights.feed and checks.right_figure = rights.figure
