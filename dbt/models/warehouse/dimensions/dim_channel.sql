select
    {{ surrogate_key(['channel_code']) }} as channel_key,
    channel_code,
    channel_name,
    channel_kind,
    direction,
    is_permission_needed,
    is_web
from {{ ref('channel') }}
union all
select
    {{ unknown_key() }} as channel_key,
    'unknown' as channel_code,
    'Unknown' as channel_name,
    'unknown' as channel_kind,
    'unknown' as direction,
    true as is_permission_needed,
    false as is_web
