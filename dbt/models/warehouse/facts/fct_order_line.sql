{{ config(
    materialized='incremental',
    unique_key=['order_line_key'],
    pre_hook="{{ keep_former(
        ['order_line_key', 'customer_id'], whole=true, touched=ref('fct_order_line__touched'), by='order_line_key'
    ) }}"
) }}

-- Cancelled lines stay, marked; every question about measures leaves them out.
with lines as (
    {{ resolved_order_lines(touched=ref('fct_order_line__touched')) }}
),

customers as (
    select
        customer_key,
        customer_id,
        valid_from,
        valid_to
    from {{ ref('dim_customer') }}
),

products as (
    select
        product_key,
        product_ref,
        valid_from,
        valid_to,
        currency_code,
        unit_cost_amount,
        unit_cost_amount_original
    from {{ ref('dim_product') }}
    where product_key <> -1
),

campaigns as (
    select
        campaign_key,
        campaign_ref,
        valid_from,
        valid_to
    from {{ ref('dim_campaign') }}
    where campaign_key <> -1
),

costed as (
    select
        lines.*,
        products.product_key,
        coalesce(lines.unit_cost, products.unit_cost_amount) as known_unit_cost,
        case
            when lines.unit_cost_original is not null then lines.unit_cost_original
            when lines.currency_code = products.currency_code then products.unit_cost_amount_original
        end as known_unit_cost_original
    from lines
    left join products
        on
            lines.product_ref = products.product_ref
            and lines.ordered_at >= products.valid_from
            and lines.ordered_at < products.valid_to
)

select
    costed.order_line_key,
    costed.order_key,
    costed.source_system,
    costed.order_ref,
    costed.line_number,
    coalesce(customers.customer_key, -1) as customer_key,
    costed.customer_id,
    coalesce(costed.product_key, -1) as product_key,
    coalesce(channels.channel_key, -1) as channel_key,
    {{ key_or_unknown(['costed.store_ref']) }} as store_key,
    {{ key_or_unknown(['costed.partner_ref']) }} as partner_key,
    {{ key_or_unknown(['costed.agent_ref']) }} as agent_key,
    coalesce(campaigns.campaign_key, -1) as campaign_key,
    {{ event_date_key('costed.ordered_at') }} as order_date_key,
    costed.currency_code,
    costed.coupon_code,
    costed.payment_method,
    costed.status = 'cancelled' as is_cancelled,
    costed.is_rate_known,
    {{ multiplied('costed.quantity', 'costed.known_unit_cost') }} is not null as is_cost_known,
    costed.quantity,
    costed.unit_price_original as unit_price_amount_original,
    costed.net_amount,
    costed.net_amount_original,
    costed.discount_amount,
    costed.discount_amount_original,
    costed.tax_amount,
    costed.tax_amount_original,
    {{ multiplied('costed.quantity', 'costed.known_unit_cost') }} as cost_amount,
    {{ multiplied('costed.quantity', 'costed.known_unit_cost_original') }} as cost_amount_original,
    {{ as_money('costed.net_amount - ' ~ multiplied('costed.quantity', 'costed.known_unit_cost')) }} as margin_amount,
    costed.ordered_at,
    costed._loaded_at
from costed
left join customers
    on
        costed.customer_id = customers.customer_id
        and costed.ordered_at >= customers.valid_from
        and costed.ordered_at < customers.valid_to
left join campaigns
    on
        costed.resolved_campaign_ref = campaigns.campaign_ref
        and costed.ordered_at >= campaigns.valid_from
        and costed.ordered_at < campaigns.valid_to
left join {{ ref('dim_channel') }} as channels on costed.channel_code = channels.channel_code
