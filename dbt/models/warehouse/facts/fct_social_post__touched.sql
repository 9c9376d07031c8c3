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
    where {{ is_among('customer_id', changed_versions('customer')) }}
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
    {{ is_new() }}
    or {{ is_among(['platform', 'in_reply_to'], 'news', ['platform', 'post_ref']) }}
    or {{ is_among(['platform', 'handle'], 'accounts') }}
    or {{ is_among(['platform', 'target_handle'], 'accounts', ['platform', 'handle']) }}
