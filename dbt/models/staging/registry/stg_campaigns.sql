with latest as (
    {{ latest_per_key(ref('stg_campaigns__history'), ['campaign_ref'], updated_at='updated_at') }}
)

select
    campaign_ref,
    name,
    objective,
    starts_on,
    ends_on,
    offer_kind,
    offer_value,
    coupon_code,
    target_category,
    eligibility,
    currency_code,
    budget_original,
    budget,
    rate_to_home,
    is_rate_known,
    control_pct,
    message_template,
    status,
    updated_at,
    _file,
    _loaded_at
from latest
