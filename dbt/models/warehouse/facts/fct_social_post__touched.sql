{{ config(schema='intermediate', contract={'enforced': false}) }}

-- What may change of a post: what was said of it, whose its accounts are and what they are, the versions of its author,
-- and whether the post that it answers is known.
with accounts as (
    select
        platform,
        handle
    from {{ changed_in(
        ref('dim_social_account'), ['platform', 'handle', 'customer_id', 'account_kind'], ['platform', 'handle']
    ) }}
    union distinct
    select
        platform,
        handle
    from {{ ref('dim_social_account') }}
    where customer_id in (
        select customers.customer_id
        from {{ changed_in(ref('dim_customer'), version_columns('customer'), ['customer_id']) }} as customers
    )
),

news as (
    select
        platform,
        post_ref
    from {{ ref('stg_social_posts') }}
    where {{ is_new() }}
)

select
    {{ surrogate_key(['platform', 'post_ref']) }} as social_post_key,
    platform,
    post_ref
from {{ ref('stg_social_posts') }}
where
    (platform, post_ref) in (
        select
            news.platform,
            news.post_ref
        from news
    )
    or (platform, in_reply_to) in (
        select
            news.platform,
            news.post_ref
        from news
    )
    or (platform, handle) in (
        select
            accounts.platform,
            accounts.handle
        from accounts
    )
    or (platform, target_handle) in (
        select
            accounts.platform,
            accounts.handle
        from accounts
    )
