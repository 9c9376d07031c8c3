with latest as (
    {{ latest_per_key(source('raw', 'agents'), ['agent_ref'], updated_at='updated_at') }}
)

select
    agent_ref,
    {{ clean_text('name') }} as name,
    {{ clean_text('team') }} as team,
    hired_on,
    updated_at,
    _file,
    _loaded_at
from latest
