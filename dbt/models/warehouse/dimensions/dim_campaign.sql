{{ config(pre_hook="{{ keep_former(version_columns('campaign')) }}") }}

with version as (
    select * from {{ ref('int_campaign__versioned') }}
),

-- Every campaign that anything points to, whether or not the campaign itself has come.
member as (
    select campaign_ref
    from version
    {{ referenced_in([
        'order_lines', 'contacts', 'campaign_contacts', 'campaign_responses', 'campaign_channels', 'leads',
        'opportunity_stages', ('customers', 'acquisition_campaign_ref')
    ], 'campaign_ref') }}
    union
    select cast(null as {{ type_string() }}) as campaign_ref
),

dated as (
    select
        member.campaign_ref as member_ref,
        version.*,
        coalesce(version.valid_from, {{ beginning_of_time() }}) as starts_at,
        coalesce(version.valid_to, {{ end_of_time() }}) as ends_at
    from member
    left join version
        on member.campaign_ref = version.campaign_ref
)

select
    case
        when member_ref is null then {{ unknown_key() }}
        else {{ version_key('member_ref', 'starts_at') }}
    end as campaign_key,
    coalesce(member_ref, 'unknown') as campaign_ref,
    starts_at as valid_from,
    ends_at as valid_to,
    {{ is_current_version('starts_at', 'ends_at') }} as is_current,
    member_ref is not null and campaign_ref is null as is_inferred,
    {{ "coalesce(announced_at < " ~ end_of_day() ~ ", true)" if var('is_day_given') else "true" }} as is_announced,
    coalesce(name, 'unknown') as name,
    coalesce(objective, 'unknown') as objective,
    starts_on,
    ends_on,
    {{ date_key_or_unknown('starts_on') }} as starts_date_key,
    {{ date_key_or_unknown('ends_on') }} as ends_date_key,
    coalesce(offer_kind, 'unknown') as offer_kind,
    offer_value,
    coupon_code,
    target_category,
    eligibility,
    cast(control_pct as {{ type_double() }}) / 100 as control_share,
    message_template,
    -- Where the source gives no status, the dates say it.
    case
        when status is not null then status
        when starts_on is null then 'unknown'
        when ends_on < {{ as_of_date() }} then 'done'
        when starts_on > {{ as_of_date() }} then 'planned'
        else 'running'
    end as status,
    coalesce(currency_code, '{{ var("home_currency") }}') as currency_code,
    budget as budget_amount,
    budget_original as budget_amount_original
from dated
