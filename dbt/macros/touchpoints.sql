{#
    Touchpoints of each kind, in the same columns; what a kind does not have is null, or unknown. In a daily run, those
    touched only.
#}

{% macro touchpoints_of_contacts() %}
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
    left join {{ ref('dim_channel') }} as channels on contacts.channel_code = channels.channel_code
    where {{ is_touchpoint_made('contact', 'contacts.contact_ref') }}
{% endmacro %}

{% macro touchpoints_of_campaign_contacts() %}
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
    where not is_control and {{ is_touchpoint_made('campaign_contact', 'contact_ref') }}
{% endmacro %}

{% macro touchpoints_of_web_sessions() %}
    select
        'web_session' as touchpoint_kind,
        cast(sessions.web_session_key as {{ type_string() }}) as touchpoint_ref,
        sessions.customer_id,
        {{ channel_key_of('web') }} as channel_key,
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
    where {{ is_touchpoint_made('web_session', 'cast(sessions.web_session_key as ' ~ type_string() ~ ')') }}
{% endmacro %}

{% macro touchpoints_of_service_cases() %}
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
    where {{ is_touchpoint_made('service_case', "source_system || '|' || case_ref") }}
{% endmacro %}

{% macro touchpoints_of_social_posts() %}
    select
        'social_post' as touchpoint_kind,
        posts.platform || '|' || posts.post_ref as touchpoint_ref,
        case when posts.direction = 'outbound' then posts.target_customer_id else posts.customer_id end as customer_id,
        {{ channel_key_of('social') }} as channel_key,
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
    where
        posts.direction is not null
        and {{ is_touchpoint_made('social_post', "posts.platform || '|' || posts.post_ref") }}
{% endmacro %}

{# The key of a channel that all touchpoints of a kind have. #}
{% macro channel_key_of(channel_code) -%}
    coalesce(
        (
            select channels.channel_key
            from {{ ref('dim_channel') }} as channels
            where channels.channel_code = '{{ channel_code }}'
        ),
        -1
    )
{%- endmacro %}

{# Whether a touchpoint is made in this run: in a daily run, only those touched are. #}
{% macro is_touchpoint_made(kind, reference) -%}
    {%- set touched = ref('fct_touchpoint__touched') -%}
    {%- if is_daily() -%}
        {{ reference }} in (
            select touched.touchpoint_ref
            from {{ touched }} as touched
            where touched.touchpoint_kind = '{{ kind }}'
        )
    {%- else -%}true{%- endif -%}
{%- endmacro %}
