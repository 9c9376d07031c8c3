{{ config(schema='intermediate', contract={'enforced': false}) }}

-- What may change of a touchpoint: what its fact tells of it. A contact has no fact: what was said of it, also by the
-- feed of campaigns, its rate, whose it is, and the versions of its campaign.
with emails as (
    select
        identifier,
        touched_since
    from {{ ref('dim_customer__touched') }}
    where identifier_kind = 'email'
),

phones as (
    select
        identifier,
        touched_since
    from {{ ref('dim_customer__touched') }}
    where identifier_kind = 'phone'
),

handles as (
    select
        identifier,
        touched_since
    from {{ ref('dim_customer__touched') }}
    where identifier_kind = 'handle'
),

campaign_contacts as (
    select contact_ref
    from {{ ref('stg_campaign_contacts') }}
    where {{ is_new() }}
),

contacts as (
    {{ rows_found(ref('stg_contacts'), ['contact_ref'], [
        by_news(),
        by_any('contact_ref', 'campaign_contacts'),
        by_any(['currency_code', 'occurred_on'], changed_rates(), ['currency_code', 'rate_date']),
        by_any('campaign_ref', changed_versions('campaign')),
        by_customer('occurred_at', ['source_system', 'customer_ref'], ref('dim_customer__touched_records')),
        by_customer('occurred_at', ['visitor_ref'], ref('dim_customer__touched_visitors')),
        by_customer('occurred_at', ['email'], 'emails', ['identifier']),
        by_customer('occurred_at', ['phone'], 'phones', ['identifier']),
        by_customer('occurred_at', ['handle'], 'handles', ['identifier']),
    ]) }}
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
        ref('fct_service_case'), ['service_case_key', 'source_system', 'case_ref'], ['source_system', 'case_ref'],
        whole=true, touched=ref('fct_service_case__touched'), by='service_case_key'
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
