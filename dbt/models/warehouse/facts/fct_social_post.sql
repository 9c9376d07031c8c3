{{ config(materialized='incremental', unique_key=['social_post_key']) }}

with accounts as (select * from {{ ref('dim_social_account') }}),

touched as (
    select * from {{ ref('stg_social_posts') }}
    {{ where_touched(['platform', 'post_ref'], ref('fct_social_post__touched')) }}
),

posts as (
    select
        posts.*,
        {{ key_or_unknown(['posts.platform', 'posts.handle']) }} as social_account_key,
        {{ key_or_unknown(['posts.platform', 'posts.target_handle']) }} as target_social_account_key,
        answered.post_ref as answered_post_ref
    from touched as posts
    left join {{ ref('stg_social_posts') }} as answered
        on posts.platform = answered.platform and posts.in_reply_to = answered.post_ref
),

owned as (
    select
        posts.*,
        coalesce(authors.customer_id, -1) as customer_id,
        coalesce(targets.customer_id, -1) as target_customer_id,
        case
            when authors.account_kind = 'own' and posts.target_social_account_key <> -1 then 'outbound'
            when authors.account_kind = 'own' then null
            when targets.account_kind = 'own' or posts.kind in ('review', 'mention') then 'inbound'
        end as direction
    from posts
    left join accounts as authors on posts.social_account_key = authors.social_account_key
    left join accounts as targets on posts.target_social_account_key = targets.social_account_key
)

select
    {{ surrogate_key(['owned.platform', 'owned.post_ref']) }} as social_post_key,
    owned.platform,
    owned.post_ref,
    owned.social_account_key,
    owned.target_social_account_key,
    coalesce(customers.customer_key, -1) as customer_key,
    owned.customer_id,
    owned.target_customer_id,
    {{ event_date_key('owned.posted_at') }} as post_date_key,
    owned.kind,
    owned.direction,
    case
        when owned.answered_post_ref is null then {{ unknown_key() }}
        else {{ surrogate_key(['owned.platform', 'owned.answered_post_ref']) }}
    end as in_reply_to_post_key,
    owned.coupon_code,
    owned.text,
    owned.likes as like_count,
    owned.shares as share_count,
    owned.replies as reply_count,
    owned.posted_at,
    owned._loaded_at
from owned
left join {{ ref('dim_customer') }} as customers
    on
        owned.customer_id = customers.customer_id
        and owned.posted_at >= customers.valid_from
        and owned.posted_at < customers.valid_to
