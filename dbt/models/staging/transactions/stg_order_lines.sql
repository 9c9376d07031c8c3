{{ config(materialized='incremental', unique_key=['source_system', 'order_ref', 'line_number']) }}

with latest as (
    {{ newest_of(
        'order_lines',
        ['source_system', 'order_ref', 'line_number'],
        updated_at='updated_at',
        rated_on='ordered_on'
    ) }}
),

totalled as (
    select
        *,
        cast(coalesce(
            net_amount, {{ multiplied('quantity', 'unit_price') }} - coalesce(discount_amount, 0)
        ) as {{ type_money() }}) as line_amount
    from latest
),

priced as (
    {{ with_rate('totalled', local_date('totalled.ordered_at')) }}
)

select
    priced.source_system,
    priced.order_ref,
    priced.line_number,
    priced.customer_ref,
    priced.visitor_ref,
    priced.product_ref,
    priced.quantity,
    priced.ordered_at,
    priced.rated_on as ordered_on,
    priced.channel as channel_code,
    priced.store_ref,
    priced.partner_ref,
    priced.agent_ref,
    upper(priced.coupon_code) as coupon_code,
    priced.campaign_ref,
    priced.payment_method,
    coalesce(priced.status, 'completed') as status,
    priced.currency_code,
    priced.rate_to_home,
    priced.unit_price as unit_price_original,
    {{ to_home('priced.unit_price', 'priced.rate_to_home') }} as unit_price,
    priced.discount_amount as discount_amount_original,
    {{ to_home('priced.discount_amount', 'priced.rate_to_home') }} as discount_amount,
    priced.tax_amount as tax_amount_original,
    {{ to_home('priced.tax_amount', 'priced.rate_to_home') }} as tax_amount,
    priced.line_amount as net_amount_original,
    {{ to_home('priced.line_amount', 'priced.rate_to_home') }} as net_amount,
    priced.unit_cost as unit_cost_original,
    {{ to_home('priced.unit_cost', 'priced.rate_to_home') }} as unit_cost,
    {{ to_home('priced.line_amount', 'priced.rate_to_home') }} is not null as is_rate_known,
    priced.updated_at,
    priced._file,
    priced._loaded_at
from priced
