{#
    Order lines with who bought and through which campaign: the line's own record, else its visitor; its own campaign, else
    its coupon's. `touched` leaves a daily run only those lines, by their keys or other columns: a condition on the view of
    all is asked after they are resolved.
#}
{% macro resolved_order_lines(touched=none, by=['source_system', 'order_ref', 'line_number']) %}
with lines as (
    {% if touched %}{{ touched_rows(ref('stg_order_lines'), by, touched) }}
    {% else %}select * from {{ ref('stg_order_lines') }}{% endif %}
),

records as (
    select
        source_system,
        customer_ref,
        customer_id
    from {{ ref('int_record__resolved') }}
),

visitors as (
    select
        visitor_ref,
        customer_id
    from {{ ref('int_visitor__resolved') }}
),

coupons as (
    select
        coupon_code,
        order_date,
        campaign_ref
    from {{ ref('int_coupon__in_force') }}
)

select
    lines.source_system,
    lines.order_ref,
    lines.line_number,
    lines.customer_ref,
    lines.visitor_ref,
    lines.product_ref,
    lines.quantity,
    lines.ordered_at,
    lines.ordered_on,
    lines.channel_code,
    lines.store_ref,
    lines.partner_ref,
    lines.agent_ref,
    lines.coupon_code,
    lines.campaign_ref,
    lines.payment_method,
    lines.status,
    lines.currency_code,
    lines.unit_price_original,
    lines.unit_price,
    lines.discount_amount_original,
    lines.discount_amount,
    lines.tax_amount_original,
    lines.tax_amount,
    lines.net_amount_original,
    lines.net_amount,
    lines.unit_cost_original,
    lines.unit_cost,
    lines.is_rate_known,
    lines._loaded_at,
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
        case when lines.campaign_ref is null then lines.coupon_code end = coupons.coupon_code
        and lines.ordered_on = coupons.order_date
{% endmacro %}
