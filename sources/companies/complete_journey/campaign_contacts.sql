-- One row per household that received a campaign. The day of sending is not recorded: the campaign's first day stands for it.
-- There is no control group: who was not contacted was not drawn by lot.
select
    cast(landing.campaign_id as varchar) || '-' || cast(landing.household_id as varchar) as contact_ref,
    cast(landing.campaign_id as varchar) as campaign_ref,
    'household_panel' as source_system,
    cast(landing.household_id as varchar) as customer_ref,
    false as is_control,
    campaign_description.start_date as sent_at
from landing
inner join campaign_description on landing.campaign_id = campaign_description.campaign_id
