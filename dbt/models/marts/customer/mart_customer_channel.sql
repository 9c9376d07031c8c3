{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='customer_id',
    pre_hook="{{ forget_touched('customer_id', ref('mart_customer__touched')) }}"
) }}

-- How each customer meets the company: one row a customer and channel, before the day. Rank 1 is the channel that
-- he himself uses most; what the company sends him counts only where he answers.
with orders as (
    select
        customer_id,
        channel_key,
        count(distinct order_key) as order_count,
        sum(net_amount) as net_amount
    from {{ ref('fct_order_line') }}
    where
        not is_cancelled
        and ordered_at < {{ as_of_at() }}
        and customer_id <> -1
        and {{ is_told_anew('customer_id') }}
    group by customer_id, channel_key
),

contacts as (
    select
        customer_id,
        channel_key,
        sum(case when direction = 'inbound' then 1 else 0 end) as inbound_contact_count,
        sum(case when direction = 'outbound' then 1 else 0 end) as outbound_contact_count,
        sum(cost_amount) as cost_amount,
        {{ date_of('max(touchpoint_date_key)') }} as last_contacted_on
    from {{ ref('fct_touchpoint') }}
    where occurred_at < {{ as_of_at() }} and customer_id <> -1 and {{ is_told_anew('customer_id') }}
    group by customer_id, channel_key
),

answers as (
    select
        customer_id,
        channel_key,
        count(*) as campaign_contact_count,
        sum(case when is_opened then 1 else 0 end) as opened_count,
        sum(case when responded_at < {{ as_of_at() }} then 1 else 0 end) as responded_count
    from {{ ref('fct_campaign_contact') }}
    where not is_control and sent_at < {{ as_of_at() }} and customer_id <> -1 and {{ is_told_anew('customer_id') }}
    group by customer_id, channel_key
),

met as (
    select
        customer_id,
        channel_key
    from orders
    union
    select
        customer_id,
        channel_key
    from contacts
    union
    select
        customer_id,
        channel_key
    from answers
)

select
    met.customer_id,
    channels.channel_code,
    cast(coalesce(orders.order_count, 0) as bigint) as order_count,
    cast(coalesce(orders.net_amount, 0) as {{ type_money() }}) as net_amount,
    cast(coalesce(contacts.inbound_contact_count, 0) as bigint) as inbound_contact_count,
    cast(coalesce(contacts.outbound_contact_count, 0) as bigint) as outbound_contact_count,
    cast(coalesce(answers.campaign_contact_count, 0) as bigint) as campaign_contact_count,
    cast(coalesce(answers.opened_count, 0) as bigint) as opened_count,
    cast(coalesce(answers.responded_count, 0) as bigint) as responded_count,
    {{ share_of('answers.responded_count', 'answers.campaign_contact_count') }} as response_share,
    cast(coalesce(contacts.cost_amount, 0) as {{ type_money() }}) as cost_amount,
    contacts.last_contacted_on,
    cast(row_number() over (
        partition by met.customer_id
        order by
            coalesce(orders.order_count, 0)
            + coalesce(contacts.inbound_contact_count, 0)
            + coalesce(answers.responded_count, 0) desc,
            coalesce(orders.net_amount, 0) desc,
            channels.channel_code asc
    ) as bigint) as channel_rank
from met
inner join {{ ref('dim_channel') }} as channels on met.channel_key = channels.channel_key
left join orders on met.customer_id = orders.customer_id and met.channel_key = orders.channel_key
left join contacts on met.customer_id = contacts.customer_id and met.channel_key = contacts.channel_key
left join answers on met.customer_id = answers.customer_id and met.channel_key = answers.channel_key
