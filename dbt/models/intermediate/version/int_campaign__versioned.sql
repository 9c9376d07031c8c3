{%- set attributes = [
    'name', 'objective', 'starts_on', 'ends_on', 'offer_kind', 'offer_value', 'coupon_code', 'target_category',
    'eligibility', 'currency_code', 'budget_original', 'control_pct', 'message_template', 'status'
] -%}

with history as (
    {{ latest_per_key(ref('stg_campaigns__history'), ['campaign_ref', 'effective_at']) }}
),

-- The first load brings the past, of which nobody can tell when it was said; what came within twelve hours of it was
-- always known, unless the source dates it.
announced as (
    select
        campaign_ref,
        min(case
            when
                updated_at is null
                and _loaded_at < (select {{ add_minutes('min(told._loaded_at)', 720) }} from history as told)
                then {{ beginning_of_time() }}
            else effective_at
        end) as announced_at
    from history
    group by campaign_ref
),

interval_of_version as (
    {{ version_intervals('history', ['campaign_ref'], attributes) }}
)

select
    history.campaign_ref,
    interval_of_version.valid_from,
    interval_of_version.valid_to,
    history.name,
    history.objective,
    history.starts_on,
    history.ends_on,
    history.offer_kind,
    history.offer_value,
    history.coupon_code,
    history.target_category,
    history.eligibility,
    history.currency_code,
    history.budget_original,
    history.budget,
    history.control_pct,
    history.message_template,
    history.status,
    announced.announced_at,
    history._loaded_at
from history
inner join interval_of_version
    on
        history.campaign_ref = interval_of_version.campaign_ref
        and history.effective_at = interval_of_version.effective_at
inner join announced on history.campaign_ref = announced.campaign_ref
