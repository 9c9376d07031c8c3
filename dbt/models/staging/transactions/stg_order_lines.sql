with latest as (
    {{ latest_per_key(
        source('raw', 'order_lines'),
        ['source_system', 'order_ref', 'line_number'],
        updated_at='updated_at'
    ) }}
),

rate as (
    select
        currency_code,
        rate_date,
        rate_to_home
    from {{ ref('stg_exchange_rates__filled') }}
),

dated as (
    select
        latest.*,
        {{ currency_code('latest.currency') }} as currency_code,
        {{ local_date('latest.ordered_at') }} as ordered_on,
        cast(coalesce(
            latest.net_amount,
            {{ multiplied('latest.quantity', 'latest.unit_price') }} - coalesce(latest.discount_amount, 0)
        ) as {{ type_money() }}) as line_amount
    from latest
),

priced as (
    select
        dated.*,
        {{ rate_to_home('dated.currency_code', 'rate.rate_to_home') }} as rate_to_home
    from dated
    left join rate
        on
            dated.currency_code = rate.currency_code
            and dated.ordered_on = rate.rate_date
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
    priced.ordered_on,
    priced.channel as channel_code,
    priced.store_ref,
    priced.partner_ref,
    priced.agent_ref,
    upper({{ clean_text('priced.coupon_code') }}) as coupon_code,
    priced.campaign_ref,
    priced.payment_method,
    coalesce(priced.status, 'completed') as status,
    priced.currency_code,
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
    priced.rate_to_home is not null as is_rate_known,
    priced.updated_at,
    priced._file,
    priced._loaded_at
from priced
