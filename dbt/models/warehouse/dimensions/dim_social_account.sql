{{ config(pre_hook="{{ keep_former(['platform', 'handle', 'customer_id', 'account_kind']) }}") }}

with account as (
    select * from {{ ref('stg_social_accounts') }}
),

-- Every account that anything points to, whether or not its own row has come.
member as (
    select
        platform,
        handle
    from account
    {% for feed, column in [
        ('social_posts', 'handle'), ('social_posts', 'target_handle'), ('social_follows', 'follower_handle'),
        ('social_follows', 'followed_handle'), ('service_cases', 'handle')
    ] -%}
        union
        select
            platform,
            {{ column }} as handle
        from {{ ref('stg_' ~ feed) }}
        where
            platform is not null
            and {{ column }} is not null
    {% endfor -%}
    union
    select
        cast(null as {{ type_string() }}) as platform,
        cast(null as {{ type_string() }}) as handle
)

select
    {{ key_or_unknown(['member.platform', 'member.handle']) }} as social_account_key,
    coalesce(member.platform, 'unknown') as platform,
    coalesce(member.handle, 'unknown') as handle,
    coalesce(resolved.customer_id, {{ unknown_key() }}) as customer_id,
    member.handle is not null and account.handle is null as is_inferred,
    coalesce(account.account_kind, case when member.handle is null then 'unknown' else 'person' end) as account_kind,
    account.display_name,
    account.bio,
    account.followers as follower_count,
    account.following as following_count,
    account.created_at
from member
left join account
    on
        member.platform = account.platform
        and member.handle = account.handle
left join {{ ref('int_handle__resolved') }} as resolved
    on
        member.platform = resolved.platform
        and member.handle = resolved.handle
