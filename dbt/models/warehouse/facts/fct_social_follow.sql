{{ config(materialized='incremental', unique_key=['social_follow_key']) }}

-- The accounts are built first, so that the test that looks for them is answered in the same pass.
-- depends_on: {{ ref('dim_social_account') }}
select
    {{ surrogate_key(['platform', 'follower_handle', 'followed_handle']) }} as social_follow_key,
    platform,
    {{ key_or_unknown(['platform', 'follower_handle']) }} as follower_social_account_key,
    {{ key_or_unknown(['platform', 'followed_handle']) }} as followed_social_account_key,
    {{ event_date_key('followed_at') }} as followed_date_key,
    unfollowed_at is null as is_current,
    followed_at,
    unfollowed_at,
    _loaded_at
from {{ ref('stg_social_follows') }}
{{ where_new(ref('stg_social_follows'), ['platform', 'follower_handle', 'followed_handle']) }}
