{{ config(materialized='incremental', unique_key=['contact_ref']) }}

with latest as (
    {{ newest_of('campaign_contacts', ['contact_ref'], rated_on='sent_on') }}
),

priced as (
    {{ with_rate('latest', local_date('latest.sent_at')) }}
)

select
    priced.contact_ref,
    priced.campaign_ref,
    coalesce(priced.source_system, '') as source_system,
    priced.customer_ref,
    priced.channel as channel_code,
    priced.variant,
    coalesce(priced.is_control, false) as is_control,
    priced.sent_at,
    priced.rated_on as sent_on,
    priced.plan_ref,
    priced.currency_code,
    priced.rate_to_home,
    priced.cost as cost_original,
    {{ to_home('priced.cost', 'priced.rate_to_home') }} as cost,
    priced.rate_to_home is not null as is_rate_known,
    priced._file,
    priced._loaded_at
from priced
