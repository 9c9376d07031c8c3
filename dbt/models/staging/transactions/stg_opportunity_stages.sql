with latest as (
    {{ latest_per_key(
        source('raw', 'opportunity_stages'),
        ['source_system', 'opportunity_ref', 'stage', 'entered_at']
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
        {{ local_date('latest.entered_at') }} as entered_on
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
            and dated.entered_on = rate.rate_date
)

select
    priced.source_system,
    priced.opportunity_ref,
    priced.stage,
    priced.entered_at,
    priced.entered_on,
    priced.lead_ref,
    priced.customer_ref,
    priced.agent_ref,
    priced.campaign_ref,
    priced.order_ref,
    priced.currency_code,
    priced.amount as amount_original,
    {{ to_home('priced.amount', 'priced.rate_to_home') }} as amount,
    priced.rate_to_home is not null as is_rate_known,
    priced._file,
    priced._loaded_at
from priced
