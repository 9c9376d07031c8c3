-- One row per coupon redeemed by a household on a day. The basket is not recorded, so `order_ref` stays null.
select
    concat_ws('-', campaign_id, household_id, coupon_upc, strftime(redemption_date, '%Y%m%d')) as response_ref,
    cast(campaign_id as varchar) || '-' || cast(household_id as varchar) as contact_ref,
    cast(campaign_id as varchar) as campaign_ref,
    'household_panel' as source_system,
    cast(household_id as varchar) as customer_ref,
    'redeemed' as response,
    redemption_date as responded_at,
    cast(coupon_upc as varchar) as coupon_code
from landing
