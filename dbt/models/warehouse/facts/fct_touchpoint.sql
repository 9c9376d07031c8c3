-- Every contact between a customer and the company, in one list. A control was not contacted and is not here; a contact that
-- two feeds tell of (same number, same campaign) is here once, as the campaign's.
with contacts as (
    select
        contacts.*,
        resolved.customer_id
    from {{ ref('stg_contacts') }} as contacts
    inner join {{ ref('int_contact__resolved') }} as resolved on contacts.contact_ref = resolved.contact_ref
    where not exists (
        select 1 from {{ ref('stg_campaign_contacts') }} as told_twice
        where contacts.contact_ref = told_twice.contact_ref and contacts.campaign_ref = told_twice.campaign_ref
    )
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
    from contacts
    left join {{ ref('dim_campaign') }} as campaigns
        on
            contacts.campaign_ref = campaigns.campaign_ref
            and campaigns.campaign_key <> -1
            and contacts.occurred_at >= campaigns.valid_from
            and contacts.occurred_at < campaigns.valid_to
    left join {{ ref('dim_channel') }} as channels on contacts.channel_code = channels.channel_code
    union all
    select
        'campaign_contact', contact_ref, customer_id, channel_key, campaign_key, -1, -1, 'outbound', 'marketing',
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
        end,
        currency_code, cost_amount, cost_amount_original, sent_at, null, _loaded_at
    from {{ ref('fct_campaign_contact') }}
    where not is_control
    union all
    select
        'web_session', cast(sessions.web_session_key as {{ type_string() }}), sessions.customer_id,
        coalesce(channels.channel_key, -1), sessions.campaign_key, -1, -1, 'inbound', 'visit',
        case
            when sessions.purchase_count > 0 then 'purchase'
            when sessions.add_to_cart_count > 0 then 'basket'
            when sessions.is_bounce then 'bounce'
            else 'visit'
        end,
        null, null, null, sessions.started_at, sessions.ended_at, sessions._loaded_at
    from {{ ref('fct_web_session') }} as sessions
    left join {{ ref('dim_channel') }} as channels on channels.channel_code = 'web'
    union all
    select
        'service_case', source_system || '|' || case_ref, customer_id, channel_key, -1, agent_key, -1, 'inbound',
        case when is_complaint then 'complaint' else 'service' end, case when is_open then 'open' else 'resolved' end,
        null, null, null, opened_at, resolved_at, _loaded_at
    from {{ ref('fct_service_case') }}
    union all
    -- A post is a contact where it speaks to the company or about it, or where the company speaks to somebody.
    select
        'social_post', posts.platform || '|' || posts.post_ref,
        case when authors.account_kind = 'own' then targets.customer_id else posts.customer_id end,
        coalesce(channels.channel_key, -1), -1, -1, -1,
        case when authors.account_kind = 'own' then 'outbound' else 'inbound' end, posts.kind, null,
        null, null, null, posts.posted_at, null, posts._loaded_at
    from {{ ref('fct_social_post') }} as posts
    left join {{ ref('dim_social_account') }} as authors on posts.social_account_key = authors.social_account_key
    left join {{ ref('dim_social_account') }} as targets on posts.target_social_account_key = targets.social_account_key
    left join {{ ref('dim_channel') }} as channels on channels.channel_code = 'social'
    where
        (authors.account_kind = 'own' and posts.target_social_account_key <> -1)
        or targets.account_kind = 'own'
        or posts.kind in ('review', 'mention')
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
