{{ config(materialized='incremental', unique_key=['contact_ref']) }}

with latest as (
    {{ newest_of('contacts', ['contact_ref'], rated_on='occurred_on') }}
),

priced as (
    {{ with_rate('latest', local_date('latest.occurred_at')) }}
)

select
    priced.contact_ref,
    coalesce(priced.source_system, '') as source_system,
    priced.customer_ref,
    lower(priced.email) as email,
    priced.phone,
    lower(ltrim(priced.handle, '@')) as handle,
    priced.visitor_ref,
    priced.channel as channel_code,
    priced.direction,
    priced.purpose,
    priced.occurred_at,
    priced.rated_on as occurred_on,
    priced.ended_at,
    priced.agent_ref,
    priced.partner_ref,
    priced.campaign_ref,
    priced.outcome,
    priced.currency_code,
    priced.rate_to_home,
    priced.cost as cost_original,
    {{ to_home('priced.cost', 'priced.rate_to_home') }} as cost,
    priced.rate_to_home is not null as is_rate_known,
    priced._file,
    priced._loaded_at
from priced
