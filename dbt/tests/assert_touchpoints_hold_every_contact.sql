-- Each is told once: contacts that no campaign tells of too, campaign contacts without controls, sessions, cases.
with counted as (
    select
        'contact' as touchpoint_kind,
        count(*) as source_row_count
    from {{ ref('stg_contacts') }} as contacts
    left join {{ ref('stg_campaign_contacts') }} as campaign_contacts
        on
            contacts.contact_ref = campaign_contacts.contact_ref
            and contacts.campaign_ref = campaign_contacts.campaign_ref
    where campaign_contacts.contact_ref is null
    union all
    select
        'campaign_contact' as touchpoint_kind,
        count(*) as source_row_count
    from {{ ref('stg_campaign_contacts') }}
    where not is_control
    union all
    select
        'web_session' as touchpoint_kind,
        count(*) as source_row_count
    from {{ ref('fct_web_session') }}
    union all
    select
        'service_case' as touchpoint_kind,
        count(*) as source_row_count
    from {{ ref('stg_service_cases') }}
),

told as (
    select
        touchpoint_kind,
        count(*) as fact_row_count
    from {{ ref('fct_touchpoint') }}
    group by touchpoint_kind
)

select
    counted.touchpoint_kind,
    counted.source_row_count,
    coalesce(told.fact_row_count, 0) as fact_row_count
from counted
left join told on counted.touchpoint_kind = told.touchpoint_kind
where counted.source_row_count <> coalesce(told.fact_row_count, 0)
