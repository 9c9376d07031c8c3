select
    {{ surrogate_key(['follows.platform', 'follows.follower_handle', 'follows.followed_handle']) }} as social_follow_key,
    follows.platform,
    coalesce(followers.social_account_key, -1) as follower_social_account_key,
    coalesce(followed.social_account_key, -1) as followed_social_account_key,
    {{ event_date_key('follows.followed_at') }} as followed_date_key,
    follows.unfollowed_at is null as is_current,
    follows.followed_at,
    follows.unfollowed_at,
    follows._loaded_at
from {{ ref('stg_social_follows') }} as follows
left join {{ ref('dim_social_account') }} as followers
    on follows.platform = followers.platform and follows.follower_handle = followers.handle
left join {{ ref('dim_social_account') }} as followed
    on follows.platform = followed.platform and follows.followed_handle = followed.handle
