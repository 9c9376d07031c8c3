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

rates as (
    select
        currency_code,
        rate_date
    from {{ changed_in(
        ref('stg_exchange_rates__filled'), ['currency_code', 'rate_date', 'rate_to_home'], ['currency_code', 'rate_date']
    ) }}
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
from {{ ref('stg_order_lines') }}
where
    {{ is_new() }}
    or campaign_ref in (select campaigns.campaign_ref from campaigns)
    or product_ref in (select products.product_ref from products)
    or visitor_ref in (select visitors.visitor_ref from {{ ref('dim_customer__touched_visitors') }} as visitors)
    or (source_system, customer_ref) in (
        select
            records.source_system,
            records.customer_ref
        from {{ ref('dim_customer__touched_records') }} as records
    )
    or (coupon_code, ordered_on) in (
        select
            coupons.coupon_code,
            coupons.order_date
        from coupons
    )
    or (currency_code, ordered_on) in (
        select
            rates.currency_code,
            rates.rate_date
        from rates
    )
