{{ config(materialized='view') }}

with history as (select * from {{ source('raw', 'campaigns') }}),

priced as (
    {{ with_rate('history', 'history.starts_on') }}
)

select
    campaign_ref,
    name,
    objective,
    starts_on,
    ends_on,
    offer_kind,
    offer_value,
    upper(coupon_code) as coupon_code,
    target_category,
    eligibility,
    currency_code,
    budget as budget_original,
    {{ to_home('budget', 'rate_to_home') }} as budget,
    rate_to_home,
    rate_to_home is not null as is_rate_known,
    control_pct,
    message_template,
    status,
    updated_at,
    coalesce(updated_at, _loaded_at) as effective_at,
    _file,
    _line,
    _loaded_at
from priced
