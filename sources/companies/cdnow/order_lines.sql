-- One row per purchase: master number, number within the sample, day, number of CDs, dollars (' 00004 0001 19970101  2   29.33').
-- The file tells neither time of day nor which CDs: a day is midnight, and all CDs are one product.
with cut as (
    select string_split_regex(trim(line), '\s+') as field
    from landing
    where trim(line) <> ''
),
purchase as (
    select
        field[1] as customer_ref,
        field[3] as bought_on,
        cast(field[4] as bigint) as quantity,
        cast(field[5] as decimal(18, 4)) as net_amount,
        row_number() over (partition by field[1], field[3] order by field[4], field[5]) as number_on_day
    from cut
)
select
    'cdnow' as source_system,
    concat_ws('-', customer_ref, bought_on, number_on_day) as order_ref,
    1 as line_number,
    customer_ref,
    'cd' as product_ref,
    quantity,
    net_amount,
    'USD' as currency,
    strptime(bought_on, '%Y%m%d') as ordered_at,
    'web' as channel,
    'completed' as status
from purchase
