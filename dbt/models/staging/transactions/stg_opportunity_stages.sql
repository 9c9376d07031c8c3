with latest as (
    {{ latest_per_key(
        source('raw', 'opportunity_stages'),
        ['source_system', 'opportunity_ref', 'stage', 'entered_at']
    ) }}
),

priced as (
    {{ with_rate('latest', local_date('latest.entered_at')) }}
)

select
    priced.source_system,
    priced.opportunity_ref,
    priced.stage,
    priced.entered_at,
    priced.rated_on as entered_on,
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
