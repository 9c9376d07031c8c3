{{ config(pre_hook="{{ keep_former(['touchpoint_key', 'customer_id'], whole=true) }}") }}

-- Every contact between a customer and the company, in one list: five facts in the same columns.
with channels as (
    select
        channel_key,
        channel_code
    from {{ ref('dim_channel') }}
),

touchpoints as (
    select
        'contact' as touchpoint_kind,
        contacts.contact_ref as touchpoint_ref,
        contacts.customer_id,
        coalesce(channels.channel_key, -1) as channel_key,
        coalesce(campaigns.campaign_key, -1) as campaign_key,
        {{ key_or_unknown(['contacts.agent_ref']) }} as agent_key,
        {{ key_or_unknown(['contacts.partner_ref']) }} as partner_key,
        contacts.direction,
        contacts.purpose,
        contacts.outcome,
        contacts.currency_code,
        contacts.cost as cost_amount,
        contacts.cost_original as cost_amount_original,
        contacts.occurred_at,
        contacts.ended_at,
        contacts._loaded_at
    from {{ ref('int_contact__told_once') }} as contacts
    left join {{ ref('dim_campaign') }} as campaigns
        on
            contacts.campaign_ref = campaigns.campaign_ref
            and campaigns.campaign_key <> -1
            and contacts.occurred_at >= campaigns.valid_from
            and contacts.occurred_at < campaigns.valid_to
    left join channels on contacts.channel_code = channels.channel_code
    union all
    select
        'campaign_contact' as touchpoint_kind,
        contact_ref as touchpoint_ref,
        customer_id,
        channel_key,
        campaign_key,
        {{ unknown_key() }} as agent_key,
        {{ unknown_key() }} as partner_key,
        'outbound' as direction,
        'marketing' as purpose,
        case
            when unsubscribed_at is not null then 'unsubscribed'
            when complained_at is not null then 'complained'
            when bounced_at is not null then 'bounced'
            when accepted_at is not null then 'accepted'
            when declined_at is not null then 'declined'
            when redeemed_at is not null then 'redeemed'
            when is_clicked or visited_at is not null then 'clicked'
            when is_opened then 'opened'
            when is_delivered then 'delivered'
            else 'sent'
        end as outcome,
        currency_code,
        cost_amount,
        cost_amount_original,
        sent_at as occurred_at,
        cast(null as {{ type_timestamp() }}) as ended_at,
        _loaded_at
    from {{ ref('fct_campaign_contact') }}
    where not is_control
    union all
    select
        'web_session' as touchpoint_kind,
        cast(sessions.web_session_key as {{ type_string() }}) as touchpoint_ref,
        sessions.customer_id,
        coalesce(channels.channel_key, -1) as channel_key,
        sessions.campaign_key,
        {{ unknown_key() }} as agent_key,
        {{ unknown_key() }} as partner_key,
        'inbound' as direction,
        'visit' as purpose,
        case
            when sessions.purchase_count > 0 then 'purchase'
            when sessions.add_to_cart_count > 0 then 'basket'
            when sessions.is_bounce then 'bounce'
            else 'visit'
        end as outcome,
        cast(null as {{ type_string() }}) as currency_code,
        cast(null as {{ type_money() }}) as cost_amount,
        cast(null as {{ type_money() }}) as cost_amount_original,
        sessions.started_at as occurred_at,
        sessions.ended_at,
        sessions._loaded_at
    from {{ ref('fct_web_session') }} as sessions
    left join channels on channels.channel_code = 'web'
    union all
    select
        'service_case' as touchpoint_kind,
        source_system || '|' || case_ref as touchpoint_ref,
        customer_id,
        channel_key,
        {{ unknown_key() }} as campaign_key,
        agent_key,
        {{ unknown_key() }} as partner_key,
        'inbound' as direction,
        case when is_complaint then 'complaint' else 'service' end as purpose,
        case when is_open then 'open' else 'resolved' end as outcome,
        cast(null as {{ type_string() }}) as currency_code,
        cast(null as {{ type_money() }}) as cost_amount,
        cast(null as {{ type_money() }}) as cost_amount_original,
        opened_at as occurred_at,
        resolved_at as ended_at,
        _loaded_at
    from {{ ref('fct_service_case') }}
    union all
    select
        'social_post' as touchpoint_kind,
        posts.platform || '|' || posts.post_ref as touchpoint_ref,
        case when posts.direction = 'outbound' then posts.target_customer_id else posts.customer_id end as customer_id,
        coalesce(channels.channel_key, -1) as channel_key,
        {{ unknown_key() }} as campaign_key,
        {{ unknown_key() }} as agent_key,
        {{ unknown_key() }} as partner_key,
        posts.direction,
        posts.kind as purpose,
        cast(null as {{ type_string() }}) as outcome,
        cast(null as {{ type_string() }}) as currency_code,
        cast(null as {{ type_money() }}) as cost_amount,
        cast(null as {{ type_money() }}) as cost_amount_original,
        posts.posted_at as occurred_at,
        cast(null as {{ type_timestamp() }}) as ended_at,
        posts._loaded_at
    from {{ ref('fct_social_post') }} as posts
    left join channels on channels.channel_code = 'social'
    where posts.direction is not null
)

select
    {{ surrogate_key(['touchpoints.touchpoint_kind', 'touchpoints.touchpoint_ref']) }} as touchpoint_key,
    touchpoints.touchpoint_kind,
    touchpoints.touchpoint_ref,
    coalesce(customers.customer_key, -1) as customer_key,
    touchpoints.customer_id,
    touchpoints.channel_key,
    touchpoints.campaign_key,
    touchpoints.agent_key,
    touchpoints.partner_key,
    {{ event_date_key('touchpoints.occurred_at') }} as touchpoint_date_key,
    touchpoints.direction,
    touchpoints.purpose,
    touchpoints.outcome,
    touchpoints.currency_code,
    touchpoints.cost_amount,
    touchpoints.cost_amount_original,
    case
        when touchpoints.ended_at >= touchpoints.occurred_at
            then cast({{ seconds_between('touchpoints.occurred_at', 'touchpoints.ended_at') }} as bigint)
    end as duration_seconds,
    touchpoints.occurred_at,
    touchpoints.ended_at,
    touchpoints._loaded_at
from touchpoints
left join {{ ref('dim_customer') }} as customers
    on
        touchpoints.customer_id = customers.customer_id
        and touchpoints.occurred_at >= customers.valid_from
        and touchpoints.occurred_at < customers.valid_to
