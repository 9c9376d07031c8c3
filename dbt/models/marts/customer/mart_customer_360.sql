-- Everything known of each customer on the day, in one row: the table that segment criteria run over.
with customers as (
    select * from {{ ref('dim_customer') }}
    where is_current and customer_id <> -1 and {{ was_registered('registered_at') }}
),

tastes as (
    select
        customer_id,
        count(*) as category_count,
        max(case when category_rank = 1 then category end) as favourite_category,
        max(case when category_rank = 1 then net_amount_share end) as favourite_category_share,
        max(case when category_rank = 1 then last_ordered_on end) as last_category_on
    from {{ ref('mart_customer_category') }}
    group by customer_id
),

habits as (
    select
        customer_id,
        count(*) as channel_count,
        max(case when channel_rank = 1 then channel_code end) as preferred_channel_code,
        sum(case when channel_code = 'store' then order_count else 0 end) as store_order_count,
        sum(case when channel_code = 'web' then order_count else 0 end) as web_order_count
    from {{ ref('mart_customer_channel') }}
    group by customer_id
)

select
    customers.customer_id,
    {{ as_of_date() }} as as_of_date,
    customers.party_type,
    customers.gender_code,
    customers.birth_year,
    cast(extract(year from {{ as_of_date() }}) - customers.birth_year as bigint) as age_years,
    customers.language_code,
    customers.country_code,
    customers.region,
    customers.city,
    customers.area_key,
    customers.household_id,
    {{ local_date('customers.registered_at') }} as registered_on,
    customers.acquisition_channel_code,
    customers.acquisition_campaign_ref,
    cast(customers.record_count as bigint) as record_count,
    cast(customers.source_system_count as bigint) as source_system_count,
    customers.has_email,
    customers.has_phone,
    customers.has_postal_address,
    customers.is_inferred,
    customers.is_deleted,
    coalesce(purchases.order_count, 0) as order_count,
    coalesce(purchases.order_count_365d, 0) as order_count_365d,
    coalesce(purchases.net_amount, 0) as net_amount,
    coalesce(purchases.net_amount_365d, 0) as net_amount_365d,
    purchases.margin_amount,
    purchases.margin_amount_365d,
    coalesce(purchases.discount_amount, 0) as discount_amount,
    coalesce(purchases.refund_amount, 0) as refund_amount,
    purchases.average_order_amount,
    coalesce(purchases.coupon_order_count, 0) as coupon_order_count,
    coalesce(purchases.return_line_count, 0) as return_line_count,
    purchases.first_ordered_on,
    purchases.last_ordered_on,
    purchases.recency_days,
    purchases.tenure_days,
    purchases.average_gap_days,
    purchases.last_gap_days,
    cast(coalesce(tastes.category_count, 0) as bigint) as category_count,
    tastes.favourite_category,
    tastes.favourite_category_share,
    tastes.last_category_on,
    habits.preferred_channel_code,
    cast(coalesce(habits.channel_count, 0) as bigint) as channel_count,
    cast(coalesce(habits.store_order_count, 0) as bigint) as store_order_count,
    cast(coalesce(habits.web_order_count, 0) as bigint) as web_order_count,
    coalesce(permissions.is_email_permitted, false) as is_email_permitted,
    coalesce(permissions.is_sms_permitted, false) as is_sms_permitted,
    coalesce(permissions.is_call_permitted, false) as is_call_permitted,
    coalesce(permissions.is_post_permitted, false) as is_post_permitted,
    coalesce(permissions.is_app_permitted, false) as is_app_permitted,
    coalesce(permissions.is_reachable, false) as is_reachable,
    coalesce(permissions.reachable_channel_count, 0) as reachable_channel_count,
    coalesce(contacts.contact_count, 0) as contact_count,
    coalesce(contacts.inbound_contact_count, 0) as inbound_contact_count,
    coalesce(contacts.outbound_contact_count, 0) as outbound_contact_count,
    coalesce(contacts.outbound_contact_count_28d, 0) as outbound_contact_count_28d,
    coalesce(contacts.contact_cost_amount, 0) as contact_cost_amount,
    coalesce(contacts.campaign_contact_count, 0) as campaign_contact_count,
    coalesce(contacts.bounced_count, 0) as bounced_count,
    coalesce(contacts.opened_count, 0) as opened_count,
    coalesce(contacts.clicked_count, 0) as clicked_count,
    coalesce(contacts.responded_count, 0) as responded_count,
    coalesce(contacts.redeemed_count, 0) as redeemed_count,
    coalesce(contacts.unsubscribed_count, 0) as unsubscribed_count,
    contacts.response_share,
    contacts.last_campaign_ref,
    contacts.last_campaign_on,
    contacts.last_responded_on,
    contacts.last_outbound_on,
    contacts.last_inbound_on,
    coalesce(service.case_count, 0) as case_count,
    coalesce(service.complaint_count, 0) as complaint_count,
    coalesce(service.open_case_count, 0) as open_case_count,
    coalesce(service.open_complaint_count, 0) as open_complaint_count,
    service.average_satisfaction_score,
    service.last_satisfaction_score,
    service.last_recommend_score,
    service.last_case_topic,
    service.last_case_on,
    service.last_complaint_on,
    coalesce(engagement.visit_count, 0) as visit_count,
    coalesce(engagement.visit_count_28d, 0) as visit_count_28d,
    coalesce(engagement.product_view_count, 0) as product_view_count,
    coalesce(engagement.add_to_cart_count, 0) as add_to_cart_count,
    engagement.last_visit_on,
    engagement.last_basket_left_on,
    coalesce(engagement.social_account_count, 0) as social_account_count,
    coalesce(engagement.follower_count, 0) as follower_count,
    coalesce(engagement.social_post_count, 0) as social_post_count,
    engagement.last_post_on,
    coalesce(engagement.is_loyalty_member, false) as is_loyalty_member,
    coalesce(engagement.points_balance, 0) as points_balance,
    coalesce(engagement.points_earned, 0) as points_earned,
    coalesce(engagement.points_redeemed, 0) as points_redeemed,
    coalesce(engagement.referral_count, 0) as referral_count,
    lifecycle.lifecycle_stage,
    lifecycle.previous_lifecycle_stage,
    rfm.recency_score,
    rfm.frequency_score,
    rfm.monetary_score,
    rfm.rfm_score,
    rfm.rfm_segment,
    standing.value_band,
    worth.value_basis,
    worth.current_value_amount,
    worth.service_cost_amount,
    coalesce(worth.is_unprofitable, false) as is_unprofitable,
    coalesce(pareto.is_pareto, false) as is_pareto,
    pareto.profit_rank,
    worth.active_probability,
    worth.expected_order_count,
    worth.prospective_value_amount,
    worth.prospective_value_amount_low,
    worth.prospective_value_amount_high
from customers
left join {{ ref('mart_customer_purchase') }} as purchases on customers.customer_id = purchases.customer_id
left join tastes on customers.customer_id = tastes.customer_id
left join habits on customers.customer_id = habits.customer_id
left join {{ ref('mart_customer_permission') }} as permissions on customers.customer_id = permissions.customer_id
left join {{ ref('mart_customer_contact') }} as contacts on customers.customer_id = contacts.customer_id
left join {{ ref('mart_customer_service') }} as service on customers.customer_id = service.customer_id
left join {{ ref('mart_customer_engagement') }} as engagement on customers.customer_id = engagement.customer_id
left join {{ ref('mart_customer_lifecycle') }} as lifecycle on customers.customer_id = lifecycle.customer_id
left join {{ ref('mart_customer_rfm') }} as rfm on customers.customer_id = rfm.customer_id
left join {{ ref('fct_customer_standing') }} as standing
    on
        customers.customer_id = standing.customer_id
        and standing.month_start_date = {{ month_start(as_of_date()) }}
left join {{ ref('mart_customer_value') }} as worth on customers.customer_id = worth.customer_id
left join {{ ref('mart_pareto_share') }} as pareto on customers.customer_id = pareto.customer_id
