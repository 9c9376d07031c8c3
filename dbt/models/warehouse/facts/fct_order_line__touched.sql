{{ config(materialized='ephemeral', contract={'enforced': false}) }}

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

lines as (
    select
        source_system,
        order_ref,
        line_number,
        customer_ref,
        visitor_ref,
        product_ref,
        campaign_ref,
        coupon_code,
        currency_code,
        ordered_on,
        _loaded_at
    from {{ ref('stg_order_lines') }}
)

select
    source_system,
    order_ref,
    line_number
from lines
where
    {% if is_daily_run() %}_loaded_at > {{ loaded_after() }}{% else %}false{% endif %}
    or campaign_ref in (select campaigns.campaign_ref from campaigns)
    or visitor_ref in (select visitors.visitor_ref from {{ ref('dim_customer__touched_visitors') }} as visitors)
    or product_ref in (
        select products.product_ref
        from {{ changed_in(
            ref('dim_product'), version_columns('product') + cost_columns(), ['product_ref']
        ) }} as products
    )
union distinct
select
    lines.source_system,
    lines.order_ref,
    lines.line_number
from lines
inner join {{ ref('dim_customer__touched_records') }} as records
    on lines.source_system = records.source_system and lines.customer_ref = records.customer_ref
union distinct
select
    lines.source_system,
    lines.order_ref,
    lines.line_number
from lines
inner join coupons on lines.coupon_code = coupons.coupon_code and lines.ordered_on = coupons.order_date
union distinct
select
    lines.source_system,
    lines.order_ref,
    lines.line_number
from lines
inner join {{ changed_in(
    ref('stg_exchange_rates__filled'), ['currency_code', 'rate_date', 'rate_to_home'], ['currency_code', 'rate_date']
) }} as rates
    on lines.currency_code = rates.currency_code and lines.ordered_on = rates.rate_date
