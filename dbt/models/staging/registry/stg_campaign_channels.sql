with latest as (
    {{ latest_per_key(source('raw', 'campaign_channels'), ['campaign_ref', 'channel']) }}
),

campaign as (
    select
        campaign_ref,
        currency_code,
        rate_to_home
    from {{ ref('stg_campaigns') }}
),

-- The feed has no currency of its own: the costs are in the campaign's.
priced as (
    select
        latest.*,
        coalesce(campaign.currency_code, '{{ var("home_currency") }}') as currency_code,
        case when campaign.campaign_ref is null then 1 else campaign.rate_to_home end as rate_to_home
    from latest
    left join campaign
        on latest.campaign_ref = campaign.campaign_ref
)

select
    priced.campaign_ref,
    priced.channel as channel_code,
    priced.capacity_per_day,
    priced.currency_code,
    priced.unit_cost as unit_cost_original,
    {{ to_home('priced.unit_cost', 'priced.rate_to_home') }} as unit_cost,
    priced.fixed_cost as fixed_cost_original,
    {{ to_home('priced.fixed_cost', 'priced.rate_to_home') }} as fixed_cost,
    priced.rate_to_home is not null as is_rate_known,
    priced._file,
    priced._loaded_at
from priced
