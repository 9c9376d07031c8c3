with latest as (
    {{ latest_per_key(source('raw', 'contacts'), ['contact_ref']) }}
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
        {{ local_date('latest.occurred_at') }} as occurred_on
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
            and dated.occurred_on = rate.rate_date
)

select
    priced.contact_ref,
    coalesce(priced.source_system, '') as source_system,
    priced.customer_ref,
    lower({{ clean_text('priced.email') }}) as email,
    {{ clean_text('priced.phone') }} as phone,
    lower(ltrim({{ clean_text('priced.handle') }}, '@')) as handle,
    priced.visitor_ref,
    priced.channel as channel_code,
    priced.direction,
    {{ clean_text('priced.purpose') }} as purpose,
    priced.occurred_at,
    priced.occurred_on,
    priced.ended_at,
    priced.agent_ref,
    priced.partner_ref,
    priced.campaign_ref,
    {{ clean_text('priced.outcome') }} as outcome,
    priced.currency_code,
    priced.cost as cost_original,
    {{ to_home('priced.cost', 'priced.rate_to_home') }} as cost,
    priced.rate_to_home is not null as is_rate_known,
    priced._file,
    priced._loaded_at
from priced
