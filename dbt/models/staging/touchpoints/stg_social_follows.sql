{{ config(materialized='incremental', unique_key=['platform', 'follower_handle', 'followed_handle']) }}

with normalised as (
    select
        lower(platform) as platform,
        lower(ltrim(follower_handle, '@')) as follower_handle,
        lower(ltrim(followed_handle, '@')) as followed_handle,
        followed_at,
        unfollowed_at,
        _file,
        _line,
        _loaded_at
    from {{ source('raw', 'social_follows') }}
    {{ where_new(
        source('raw', 'social_follows'),
        ['lower(platform)', "lower(ltrim(follower_handle, '@'))", "lower(ltrim(followed_handle, '@'))"]
    ) }}
),

latest as (
    {{ latest_per_key('normalised', ['platform', 'follower_handle', 'followed_handle']) }}
)

select
    platform,
    follower_handle,
    followed_handle,
    followed_at,
    unfollowed_at,
    _file,
    _loaded_at
from latest
