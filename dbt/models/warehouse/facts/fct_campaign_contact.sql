{{ config(
    materialized='incremental',
    unique_key=['campaign_contact_key'],
    pre_hook="{{ keep_former(
        ['campaign_contact_key', 'contact_ref', 'customer_id'],
        whole=true, touched=ref('fct_campaign_contact__touched'), by='campaign_contact_key'
    ) }}"
) }}

-- Controls stand here too, with the time of their assignment as sent_at: what they did without the contact is the
-- measure of it.
with chosen as (
    {{ touched_rows(ref('stg_campaign_contacts'), ['contact_ref'], ref('fct_campaign_contact__touched')) }}
),

contacts as (
    select
        chosen.*,
        {{ surrogate_key(['chosen.contact_ref']) }} as campaign_contact_key,
        coalesce(records.customer_id, -1) as customer_id
    from chosen
    left join {{ ref('int_record__resolved') }} as records
        on chosen.source_system = records.source_system and chosen.customer_ref = records.customer_ref
),

orders as (
    select
        order_key,
        customer_id,
        min(ordered_at) as ordered_at,
        sum(net_amount) as net_amount,
        sum(margin_amount) as margin_amount
    from {{ ref('fct_order_line') }}
    where
        customer_id <> -1
        and not is_cancelled
        and customer_id in (select contacts.customer_id from contacts)
    group by order_key, customer_id
),

followed as (
    select
        contacts.campaign_contact_key,
        count(*) as order_count,
        sum(orders.net_amount) as net_amount,
        sum(orders.margin_amount) as margin_amount,
        min(orders.ordered_at) as ordered_at
    from contacts
    inner join orders
        on
            contacts.customer_id = orders.customer_id
            and contacts.sent_at <= orders.ordered_at
            and {{ add_minutes('contacts.sent_at', 'cast(' ~ var('response_window_days') ~ ' as bigint) * 1440') }}
            > orders.ordered_at
    group by contacts.campaign_contact_key
)

select
    contacts.campaign_contact_key,
    contacts.contact_ref,
    coalesce(customers.customer_key, -1) as customer_key,
    contacts.customer_id,
    coalesce(campaigns.campaign_key, -1) as campaign_key,
    contacts.campaign_ref,
    coalesce(channels.channel_key, -1) as channel_key,
    contacts.variant,
    contacts.plan_ref,
    contacts.is_control,
    coalesce(
        responses.delivered_at, responses.opened_at, responses.clicked_at, responses.accepted_at, responses.declined_at
    ) is not null as is_delivered,
    coalesce(responses.opened_at, responses.clicked_at) is not null as is_opened,
    responses.clicked_at is not null as is_clicked,
    responses.responded_at is not null as is_responded,
    followed.campaign_contact_key is not null as is_ordered,
    {{ event_date_key('contacts.sent_at') }} as sent_date_key,
    contacts.currency_code,
    case
        when contacts.cost_original is not null then 'stated'
        when contacts.is_control then 'none'
        when planned.unit_cost_amount_original is not null then 'planned'
        else 'unknown'
    end as cost_basis,
    case
        when contacts.cost_original is not null then contacts.cost
        when contacts.is_control then cast(0 as {{ type_money() }})
        else planned.unit_cost_amount
    end as cost_amount,
    case
        when contacts.cost_original is not null then contacts.cost_original
        when contacts.is_control then cast(0 as {{ type_money() }})
        else planned.unit_cost_amount_original
    end as cost_amount_original,
    cast(coalesce(followed.order_count, 0) as bigint) as order_count,
    cast(coalesce(followed.net_amount, 0) as {{ type_money() }}) as net_amount,
    cast(
        case when followed.campaign_contact_key is null then 0 else followed.margin_amount end as {{ type_money() }}
    ) as margin_amount,
    cast(null as {{ type_timestamp() }}) as planned_at,
    contacts.sent_at,
    responses.delivered_at,
    responses.bounced_at,
    responses.opened_at,
    responses.clicked_at,
    responses.visited_at,
    responses.redeemed_at,
    responses.accepted_at,
    responses.declined_at,
    responses.complained_at,
    responses.unsubscribed_at,
    responses.responded_at,
    followed.ordered_at,
    contacts._loaded_at
from contacts
left join {{ ref('int_campaign_contact__responded') }} as responses on contacts.contact_ref = responses.contact_ref
left join followed on contacts.campaign_contact_key = followed.campaign_contact_key
left join {{ ref('dim_customer') }} as customers
    on
        contacts.customer_id = customers.customer_id
        and contacts.sent_at >= customers.valid_from
        and contacts.sent_at < customers.valid_to
left join {{ ref('dim_campaign') }} as campaigns
    on
        contacts.campaign_ref = campaigns.campaign_ref
        and campaigns.campaign_key <> -1
        and contacts.sent_at >= campaigns.valid_from
        and contacts.sent_at < campaigns.valid_to
left join {{ ref('bridge_campaign_channel') }} as planned
    on contacts.campaign_ref = planned.campaign_ref and contacts.channel_code = planned.channel_code
left join {{ ref('dim_channel') }} as channels on contacts.channel_code = channels.channel_code
