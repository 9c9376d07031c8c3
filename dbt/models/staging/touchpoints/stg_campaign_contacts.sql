with latest as (
    {{ latest_per_key(source('raw', 'campaign_contacts'), ['contact_ref']) }}
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
        {{ local_date('latest.sent_at') }} as sent_on
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
            and dated.sent_on = rate.rate_date
)

select
    priced.contact_ref,
    priced.campaign_ref,
    coalesce(priced.source_system, '') as source_system,
    priced.customer_ref,
    priced.channel as channel_code,
    {{ clean_text('priced.variant') }} as variant,
    coalesce(priced.is_control, false) as is_control,
    priced.sent_at,
    priced.sent_on,
    priced.plan_ref,
    priced.currency_code,
    priced.cost as cost_original,
    {{ to_home('priced.cost', 'priced.rate_to_home') }} as cost,
    priced.rate_to_home is not null as is_rate_known,
    priced._file,
    priced._loaded_at
from priced
