{{ config(schema='intermediate', contract={'enforced': false}) }}

-- What may change of a touchpoint: what its fact tells of it. A contact has no fact: what was said of it, also by the
-- feed of campaigns, its rate, whose it is, and the versions of its campaign.
with identifiers as (
    select
        identifier_kind,
        identifier
    from {{ ref('dim_customer__touched') }}
),

campaign_contacts as (
    select contact_ref
    from {{ ref('stg_campaign_contacts') }}
    where {{ is_new() }}
),

contacts as (
    select contact_ref
    from {{ ref('stg_contacts') }}
    where
        {{ is_new() }}
        or {{ is_among('contact_ref', 'campaign_contacts') }}
        or {{ is_among(['currency_code', 'occurred_on'], changed_rates(), ['currency_code', 'rate_date']) }}
        or {{ is_among('campaign_ref', changed_versions('campaign')) }}
        or {{ is_among(['source_system', 'customer_ref'], ref('dim_customer__touched_records')) }}
        or {{ is_among('visitor_ref', ref('dim_customer__touched_visitors')) }}
        or {{ is_among(["'email'", 'email'], 'identifiers', ['identifier_kind', 'identifier']) }}
        or {{ is_among(["'phone'", 'phone'], 'identifiers', ['identifier_kind', 'identifier']) }}
        or {{ is_among(["'handle'", 'handle'], 'identifiers', ['identifier_kind', 'identifier']) }}
),

told as (
    select
        'contact' as touchpoint_kind,
        contact_ref as touchpoint_ref
    from contacts
    union all
    select
        'campaign_contact' as touchpoint_kind,
        contact_ref as touchpoint_ref
    from {{ changed_in(
        ref('fct_campaign_contact'), ['campaign_contact_key', 'contact_ref', 'customer_id'], ['contact_ref'],
        whole=true, touched=ref('fct_campaign_contact__touched'), by='campaign_contact_key'
    ) }}
    union all
    select
        'web_session' as touchpoint_kind,
        cast(web_session_key as {{ type_string() }}) as touchpoint_ref
    from {{ changed_in(
        ref('fct_web_session'), ['web_session_key'], ['web_session_key'],
        whole=true, touched=ref('fct_web_event__touched'), by='visitor_ref'
    ) }}
    union all
    select
        'service_case' as touchpoint_kind,
        source_system || '|' || case_ref as touchpoint_ref
    from {{ changed_in(
        ref('fct_service_case'), ['source_system', 'case_ref'], ['source_system', 'case_ref'], whole=true
    ) }}
    union all
    select
        'social_post' as touchpoint_kind,
        platform || '|' || post_ref as touchpoint_ref
    from {{ ref('fct_social_post__touched') }}
)

select
    touchpoint_kind,
    touchpoint_ref,
    {{ surrogate_key(['touchpoint_kind', 'touchpoint_ref']) }} as touchpoint_key
from told
