{{ config(schema='intermediate', contract={'enforced': false}) }}

-- What may change of a line: what was said of it, its rate, whose it is, and the versions and costs that it points to.
with campaigns as (
    select campaign_ref
    from {{ changed_in(ref('dim_campaign'), version_columns('campaign'), ['campaign_ref']) }}
),

-- A coupon stands for another campaign, or for one whose versions have changed.
coupons as (
    select
        coupon_code,
        order_date
    from {{ changed_in(
        ref('int_coupon__in_force'), ['coupon_code', 'order_date', 'campaign_ref'], ['coupon_code', 'order_date']
    ) }}
    union distinct
    select
        coupon_code,
        order_date
    from {{ ref('int_coupon__in_force') }}
    where campaign_ref in (select campaigns.campaign_ref from campaigns)
),

products as (
    select product_ref
    from {{ changed_in(ref('dim_product'), version_columns('product') + cost_columns(), ['product_ref']) }}
)

select
    source_system,
    order_ref,
    line_number,
    {{ surrogate_key(['source_system', 'order_ref', 'line_number']) }} as order_line_key
from (
    {{ rows_found(ref('stg_order_lines'), ['source_system', 'order_ref', 'line_number'], [
        by_news(),
        by_any('campaign_ref', 'campaigns'),
        by_any('product_ref', 'products'),
        by_customer('ordered_at', ['visitor_ref'], ref('dim_customer__touched_visitors')),
        by_customer('ordered_at', ['source_system', 'customer_ref'], ref('dim_customer__touched_records')),
        by_any(['coupon_code', 'ordered_on'], 'coupons', ['coupon_code', 'order_date']),
        by_any(['currency_code', 'ordered_on'], changed_rates(), ['currency_code', 'rate_date']),
    ]) }}
) as found
