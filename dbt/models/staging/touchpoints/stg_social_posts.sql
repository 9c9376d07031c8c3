{{ config(materialized='incremental', unique_key=['platform', 'post_ref']) }}

with normalised as (
    select
        lower(platform) as platform,
        post_ref,
        lower(ltrim(handle, '@')) as handle,
        posted_at,
        kind,
        in_reply_to,
        lower(ltrim(target_handle, '@')) as target_handle,
        topics,
        text,
        likes,
        shares,
        replies,
        upper(coupon_code) as coupon_code,
        _file,
        _line,
        _loaded_at
    from {{ source('raw', 'social_posts') }}
    {{ where_new(source('raw', 'social_posts'), ['lower(platform)', 'post_ref']) }}
),

latest as (
    {{ latest_per_key('normalised', ['platform', 'post_ref']) }}
)

select
    platform,
    post_ref,
    handle,
    posted_at,
    kind,
    in_reply_to,
    target_handle,
    topics,
    text,
    likes,
    shares,
    replies,
    coupon_code,
    _file,
    _loaded_at
from latest
