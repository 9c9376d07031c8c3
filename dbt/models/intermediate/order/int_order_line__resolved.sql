{{ config(materialized='view') }}

-- Who bought, in which order, through which campaign: the line's own record, else its visitor; its own campaign, else its coupon's.
with lines as (select * from {{ ref('stg_order_lines') }}),

records as (select source_system, customer_ref, customer_id from {{ ref('int_record__resolved') }}),

visitors as (select visitor_ref, customer_id from {{ ref('int_visitor__resolved') }}),

coupons as (select coupon_code, order_date, campaign_ref from {{ ref('int_coupon__in_force') }})

select
    lines.*,
    {{ surrogate_key(['lines.source_system', 'lines.order_ref', 'lines.line_number']) }} as order_line_key,
    {{ surrogate_key(['lines.source_system', 'lines.order_ref']) }} as order_key,
    coalesce(records.customer_id, visitors.customer_id, -1) as customer_id,
    coalesce(lines.campaign_ref, coupons.campaign_ref) as resolved_campaign_ref
from lines
left join records
    on lines.source_system = records.source_system and lines.customer_ref = records.customer_ref
left join visitors on lines.visitor_ref = visitors.visitor_ref
left join coupons
    on
        lines.campaign_ref is null
        and lines.coupon_code = coupons.coupon_code
        and {{ local_date('lines.ordered_at') }} = coupons.order_date
