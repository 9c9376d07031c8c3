{{ config(
    pre_hook="{{ keep_former(['campaign_ref', 'channel_code', 'unit_cost_amount', 'unit_cost_amount_original']) }}"
) }}

select
    campaign_ref,
    {{ key_or_unknown(['channel_code']) }} as channel_key,
    channel_code,
    currency_code,
    capacity_per_day,
    unit_cost as unit_cost_amount,
    unit_cost_original as unit_cost_amount_original,
    fixed_cost as fixed_cost_amount,
    fixed_cost_original as fixed_cost_amount_original
from {{ ref('stg_campaign_channels') }}
