-- One row per campaign. Its type says how coupons were chosen: A by what the household had bought, B and C alike for all.
-- Cost, budget, channel, control group and the coupons' worth were never published, so they stay null.
-- The study ended with 2017: a campaign that outlives it was still running.
select
    cast(campaign_id as varchar) as campaign_ref,
    'Campaign ' || cast(campaign_id as varchar) || ' (' || campaign_type || ')' as name,
    cast(start_date as date) as starts_on,
    cast(end_date as date) as ends_on,
    case when cast(end_date as date) <= date '2017-12-31' then 'done' else 'running' end as status
from landing
