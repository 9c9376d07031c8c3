with posts as (
    select
        posts.*,
        {{ surrogate_key(['posts.platform', 'posts.post_ref']) }} as social_post_key,
        replied.post_ref as replied_post_ref,
        coalesce(authors.customer_id, -1) as customer_id
    from {{ ref('stg_social_posts') }} as posts
    left join {{ ref('int_handle__resolved') }} as authors
        on posts.platform = authors.platform and posts.handle = authors.handle
    left join {{ ref('stg_social_posts') }} as replied
        on posts.platform = replied.platform and posts.in_reply_to = replied.post_ref
)

select
    posts.social_post_key,
    posts.platform,
    posts.post_ref,
    {{ key_or_unknown(['posts.platform', 'posts.handle']) }} as social_account_key,
    {{ key_or_unknown(['posts.platform', 'posts.target_handle']) }} as target_social_account_key,
    coalesce(customers.customer_key, -1) as customer_key,
    posts.customer_id,
    {{ event_date_key('posts.posted_at') }} as post_date_key,
    posts.kind,
    case
        when posts.replied_post_ref is null then -1
        else {{ surrogate_key(['posts.platform', 'posts.replied_post_ref']) }}
    end as in_reply_to_post_key,
    posts.coupon_code,
    posts.text,
    posts.likes as like_count,
    posts.shares as share_count,
    posts.replies as reply_count,
    posts.posted_at,
    posts._loaded_at
from posts
left join {{ ref('dim_customer') }} as customers
    on
        posts.customer_id = customers.customer_id
        and posts.posted_at >= customers.valid_from
        and posts.posted_at < customers.valid_to
