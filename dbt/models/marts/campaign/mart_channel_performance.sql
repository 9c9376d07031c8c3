-- What each channel carried, cost and brought, month by month, before the day.
with contacts as (
    select
        channel_key,
        {{ month_key('touchpoint_date_key') }} as month_date_key,
        sum(case when direction = 'inbound' then 1 else 0 end) as inbound_contact_count,
        sum(case when direction = 'outbound' then 1 else 0 end) as outbound_contact_count,
        count(distinct customer_id) as customer_count,
        sum(cost_amount) as cost_amount
    from {{ ref('fct_touchpoint') }}
    where occurred_at < {{ as_of_at() }}
    group by channel_key, {{ month_key('touchpoint_date_key') }}
),

campaigns as (
    select
        channel_key,
        {{ month_key('sent_date_key') }} as month_date_key,
        count(*) as campaign_contact_count,
        sum(case when is_delivered then 1 else 0 end) as delivered_count,
        sum(case when is_responded then 1 else 0 end) as responded_count,
        sum(case when unsubscribed_at is not null then 1 else 0 end) as unsubscribed_count,
        sum(cost_amount) as campaign_cost_amount
    from {{ ref('fct_campaign_contact') }}
    where not is_control and sent_at < {{ as_of_at() }}
    group by channel_key, {{ month_key('sent_date_key') }}
),

orders as (
    select
        channel_key,
        {{ month_key('order_date_key') }} as month_date_key,
        count(distinct order_key) as order_count,
        sum(net_amount) as net_amount,
        sum(margin_amount) as margin_amount
    from {{ ref('fct_order_line') }}
    where not is_cancelled and ordered_at < {{ as_of_at() }}
    group by channel_key, {{ month_key('order_date_key') }}
),

cells as (
    select
        channel_key,
        month_date_key
    from contacts
    union
    select
        channel_key,
        month_date_key
    from campaigns
    union
    select
        channel_key,
        month_date_key
    from orders
)

select
    channels.channel_code,
    channels.channel_name,
    {{ date_of('cells.month_date_key') }} as month_start_date,
    cast(coalesce(contacts.inbound_contact_count, 0) as bigint) as inbound_contact_count,
    cast(coalesce(contacts.outbound_contact_count, 0) as bigint) as outbound_contact_count,
    cast(coalesce(contacts.customer_count, 0) as bigint) as contacted_customer_count,
    cast(coalesce(contacts.cost_amount, 0) as {{ type_money() }}) as cost_amount,
    cast(coalesce(campaigns.campaign_contact_count, 0) as bigint) as campaign_contact_count,
    cast(coalesce(campaigns.delivered_count, 0) as bigint) as delivered_count,
    cast(coalesce(campaigns.responded_count, 0) as bigint) as responded_count,
    cast(coalesce(campaigns.unsubscribed_count, 0) as bigint) as unsubscribed_count,
    {{ share_of('campaigns.responded_count', 'campaigns.campaign_contact_count') }} as response_share,
    cast(
        campaigns.campaign_cost_amount / nullif(campaigns.responded_count, 0) as {{ type_money() }}
    ) as cost_per_response_amount,
    cast(coalesce(orders.order_count, 0) as bigint) as order_count,
    cast(coalesce(orders.net_amount, 0) as {{ type_money() }}) as net_amount,
    cast(orders.margin_amount as {{ type_money() }}) as margin_amount
from cells
inner join {{ ref('dim_channel') }} as channels on cells.channel_key = channels.channel_key
left join contacts on cells.channel_key = contacts.channel_key and cells.month_date_key = contacts.month_date_key
left join campaigns
    on cells.channel_key = campaigns.channel_key and cells.month_date_key = campaigns.month_date_key
left join orders on cells.channel_key = orders.channel_key and cells.month_date_key = orders.month_date_key
